import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { answerIn } from '../support/answer-schema.js';
import { type AtEnd, temporaryDirectory, until, writeTree } from '../support/place.js';
import { CLI } from '../support/world.js';
import { hostNetwork } from './openclaw-install.js';
import { type Answer, LONG_MS } from './openclaw-story.js';

export const TOKEN = 'test';

/** Real OpenClaw that `openclaw-releases run` supervises on this machine. */
export interface OpenClawUnderRun {
  place: string;
  root: string;
  env: Record<string, string>;
  url: string;
  port: number;
  /** Everything that supervisor and gateway have printed. */
  log(): string;
  /** Runs our command. */
  cli(...args: string[]): Promise<Answer>;
  /** Runs our command, and fails the test unless it succeeds. */
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  ok(...args: string[]): Promise<any>;
}

/**
 * @param settings of OpenClaw, by their path, besides those that it needs; they may name a place
 * @param more variables of its supervisor
 */
export async function openclawUnderRun(
  atEnd: AtEnd,
  version: string,
  settings: (place: string) => Record<string, unknown>,
  more: Record<string, string> = {},
): Promise<OpenClawUnderRun> {
  const place = temporaryDirectory('run', atEnd);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const state = writeTree(join(place, 'state'), {
    'openclaw.json': JSON.stringify(
      configuration(port, { 'agents.defaults.workspace': join(place, 'workspace'), ...settings(place) }),
    ),
  });
  const root = join(place, 'root');
  const env = {
    ...(await hostNetwork(join(place, 'npm-cache'))),
    PATH: process.env.PATH ?? '',
    HOME: writeTree(join(place, 'home'), { '.keep': '' }),
    TMPDIR: writeTree(join(place, 'tmp'), { '.keep': '' }),
    npm_config_prefix: join(place, 'global'),
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_RELEASES_ROOT: root,
    OPENCLAW_RELEASES_PROBE: 'version',
    ...more,
  };
  const begin = (...args: string[]) =>
    execa(process.execPath, [CLI, ...args], {
      ...{ env, extendEnv: false, reject: false, stdin: 'ignore', all: true, forceKillAfterDelay: false },
      timeout: LONG_MS,
    });
  const cli = async (...args: string[]) => {
    const { exitCode, stdout, all } = await begin(...args, '--json');
    if (!stdout) throw new Error(`${args.join(' ')} ended with ${exitCode} and printed nothing: ${all}`);
    return { exitCode: exitCode ?? -1, json: answerIn(args, stdout) };
  };
  const ok = async (...args: string[]) => {
    const { exitCode, json } = await cli(...args);
    expect(exitCode, JSON.stringify(json)).toBe(0);
    return json;
  };
  await ok('stage', version);
  await ok('switch', version, '--no-restart');
  let log = '';
  const run = begin('run');
  run.all?.on('data', (chunk) => {
    log += chunk;
  });
  atEnd(async () => {
    run.kill('SIGTERM');
    await run;
  });
  const ready = async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok === true;
  await until('the gateway is ready', ready, 120_000);
  return { place, root, env, url, port, log: () => log, cli, ok };
}

function configuration(port: number, settings: Record<string, unknown>) {
  const tree: Record<string, unknown> = {
    gateway: { mode: 'local', port, bind: 'loopback', auth: { mode: 'token', token: TOKEN } },
  };
  for (const [path, value] of Object.entries(settings)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = tree;
    for (const key of keys) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return tree;
}
