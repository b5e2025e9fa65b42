import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { type ErrorRecord, EXIT, ReleasesError, toErrorRecord } from '../core/errors.js';
import { outgoing } from '../core/printable.js';
import type { Caller, Reply } from '../rpc/documents.js';
import { METHODS, type Method } from '../rpc/methods.js';
import type { Host } from './host.js';
import { type Answering, shareLook } from './looks.js';

/** A method that makes a change answers once a detached worker has claimed it. */
const WITHIN_MS = 15 * 60_000;

/** Verifying a release takes about a minute; all others that only read answer within seconds. */
const LOOK_WITHIN_MS = 5 * 60_000;

/** Milliseconds in which a child that has answered may exit, before SIGKILL. */
const ENDING_MS = 5_000;

/** Bytes; a history of a thousand changes is a few million. */
const LONGEST = 32 * 2 ** 20;

/** Levels of nested lists and objects; our own parameters have two. */
const MOST_LEVELS = 20;

const NEWLINE = 0x0a;

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
  // The child decides. A terminal sends Ctrl-C to both processes; other signals may come to this one alone.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? BY_SIGNAL + (signal ? constants.signals[signal] : 0)));
  });
}

/**
 * Calls a method in another process, so that its code and waiting never load the gateway. Never throws.
 * @param gone fires when the client has left; a method that changes something continues all the same
 */
export async function ask(
  host: Host,
  method: Method,
  params: unknown,
  caller: Caller,
  gone?: AbortSignal,
): Promise<Reply> {
  if (!existsSync(host.cli)) return { ok: false, error: notThere(host) };
  try {
    const input = serialize({ params: params ?? {}, caller });
    const text =
      METHODS[method].scope === 'operator.read'
        ? await shareLook(
            `${host.root.path} ${method} ${input}`,
            (stop) => run(host, method, input, { stop, isNice: gone !== undefined }),
            gone,
          )
        : await run(host, method, input).answer;
    return JSON.parse(text) as Reply;
  } catch (error) {
    if (error instanceof ReleasesError) return { ok: false, error: toErrorRecord(error) };
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

/** @throws ReleasesError `params_invalid` for deep nesting, which some Nodes write and our checks cannot read */
function serialize(call: { params: unknown; caller: Caller }): string {
  if (!isDeeperThan(MOST_LEVELS, call.params)) return JSON.stringify(call);
  throw new ReleasesError('params_invalid', `The parameters have more than ${MOST_LEVELS} levels.`, {
    hint: 'openclaw-releases --help',
    untouched: 'Nothing was tried.',
  });
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

/** The plugin lives in the root and our command outside of it, so an uninstall can remove the command alone. */
function notThere({ cli }: Host): ErrorRecord {
  return {
    code: 'internal',
    message: `${cli} is not there any more.`,
    untouched: 'Nothing was begun.',
    hint: 'Install this program again (docs/install.md), then: openclaw-releases recover',
  };
}

interface ReadOptions {
  /** Kills the process, which may trap softer signals. */
  stop: AbortSignal;
  /** The gateway's own work comes first. Not for a call that may start a recovery, which would inherit it. */
  isNice: boolean;
}

/** @param reading only for methods that read */
function run({ cli, root }: Host, method: Method, input: string, reading?: ReadOptions): Answering {
  const child = fork(cli, ['rpc', method], {
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    env: { ...process.env, OPENCLAW_RELEASES_ROOT: root.path },
    execArgv: [],
    ...(reading
      ? { timeout: LOOK_WITHIN_MS, signal: reading.stop, killSignal: 'SIGKILL' as const }
      : { timeout: WITHIN_MS }),
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    if (child.pid === undefined) child.once('error', () => resolve());
  });
  if (reading?.isNice && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  child.disconnect();
  const { stdout } = child;
  const answer = new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > LONGEST) child.kill();
      else chunks.push(chunk);
      // The answer is one line, and the process may never exit (nodejs/node#54918).
      if (chunk.at(-1) === NEWLINE) setTimeout(() => child.kill('SIGKILL'), ENDING_MS).unref();
    });
    // The answer reports the problem if the child did not read all of its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.on('error', reject);
    // The child itself emits no `close` after `disconnect`.
    stdout?.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
  return { answer, exited };
}
