import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type ErrorRecord, EXIT, toErrorRecord } from '../core/errors.js';
import { outgoing } from '../core/printable.js';
import { onceAnswered } from '../host/ending.js';
import type { Caller, Reply } from '../rpc/documents.js';
import type { Method } from '../rpc/methods.js';
import type { Host } from './host.js';

/** Verifying a release takes about a minute; all other methods answer within seconds. */
const WITHIN_MS = 15 * 60_000;

/** Milliseconds in which a child that has answered may exit, before SIGKILL. */
const ENDING_MS = 5_000;

/** Bytes; a history of a thousand changes is a few million. */
const LONGEST = 32 * 2 ** 20;

/** Exit code of a command that a signal ended, as in a shell. */
const BY_SIGNAL = 128;

export function handOver(host: Host, args: string[]): Promise<number> {
  const { cli, root } = host;
  if (!existsSync(cli)) {
    const { message, hint } = notThere(host);
    console.error(outgoing(`openclaw-releases: ${message}\n  next: ${hint}`));
    return Promise.resolve(EXIT.internal);
  }
  const child = fork(cli, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, OPENCLAW_RELEASES_ROOT: root.path },
    execArgv: [],
  });
  // The terminal sends Ctrl-C to both processes; the child decides.
  const ignore = () => {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ignore);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? BY_SIGNAL));
  });
}

/** Calls a method in another process, so that its code and waiting never load the gateway. Never throws. */
export async function ask(host: Host, method: Method, params: unknown, caller: Caller): Promise<Reply> {
  if (!existsSync(host.cli)) return { ok: false, error: notThere(host) };
  try {
    const text = await run(host, method, JSON.stringify({ params: params ?? {}, caller }));
    return JSON.parse(text) as Reply;
  } catch (error) {
    const { message } = toErrorRecord(error);
    return {
      ok: false,
      error: {
        code: 'internal',
        message: `${host.cli} gave no answer: ${message}`,
        untouched: 'Whether anything was begun is in the history.',
        hint: 'openclaw-releases status',
      },
    };
  }
}

/** The plugin lives in the root and our command outside of it, so an uninstall can remove the command alone. */
function notThere({ cli }: Host): ErrorRecord {
  return {
    code: 'internal',
    message: `${cli} is not there any more.`,
    untouched: 'Nothing was begun.',
    hint: 'npm install -g openclaw-releases; then openclaw-releases recover',
  };
}

function run({ cli, root }: Host, method: Method, input: string): Promise<string> {
  const child = fork(cli, ['rpc', method], {
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    env: { ...process.env, OPENCLAW_RELEASES_ROOT: root.path },
    execArgv: [],
    timeout: WITHIN_MS,
  });
  child.disconnect();
  const { stdout } = child;
  if (stdout) onceAnswered(stdout, () => void setTimeout(() => child.kill('SIGKILL'), ENDING_MS).unref());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LONGEST) child.kill();
      else chunks.push(chunk);
    });
    // The answer reports the problem if the child did not read all of its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.on('error', reject);
    // The child itself emits no `close` after `disconnect`.
    stdout?.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}
