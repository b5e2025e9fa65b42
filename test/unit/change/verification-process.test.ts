import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Expectation } from '../../../src/change/expectation.js';
import { awaitVerified } from '../../../src/change/verification.js';
import { freePort } from '../../../src/host/port.js';
import type { Context } from '../../../src/ledger/context.js';
import type { Health } from '../../../src/openclaw/health.js';
import type { Instance } from '../../../src/openclaw/instance.js';
import { releaseDirectory } from '../../../src/store/manifest.js';
import type { Root } from '../../../src/store/root.js';
import { describeRuntime, runtimeNode } from '../../../src/store/runtimes.js';
import type { Inspection } from '../../../src/supervisor/supervisor.js';
import { nobody } from '../../support/nobody.js';
import { seedNode } from '../../support/node-copy.js';
import { temporaryRoot } from '../../support/place.js';
import { makeTinyNode, sealTinyRelease, TINY_NODE } from '../../support/release.js';

const RELEASE = '2026.6.1';
const OTHER = '2026.6.5';
const WELL: Health = { answered: true, live: true, ready: true, failing: [], phase: null, version: RELEASE };
const QUICK = { settleMs: 0, readyFloorMs: 500, readyCeilingMs: 1_000 };

/** Answers as a gateway does, with the status and version of its argument, and prints when it listens. */
const PROGRAM = `
  const { port, status, failing, version } = JSON.parse(process.argv[1]);
  const pages = { '/healthz': {}, '/readyz': { ready: status === 200, failing }, '/startupz': { version } };
  require('node:http').createServer(({ url }, response) => {
    response.writeHead(url === '/readyz' ? status : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(pages[url] ?? {}));
  }).listen(port, '127.0.0.1', () => process.stdout.write('listening'));
`;

interface Gateway {
  /** Release that it is started from. */
  from?: string;
  says?: { status?: number; version?: string };
  /** Start that the supervisor reports, at each look. */
  instanceAt?: (look: number) => string;
  expected?: Partial<Expectation>;
  /** Differences of the gateway from before. */
  before?: Partial<Instance>;
  /** Runs whenever every rule holds but the time or the process. */
  onSettling?: (times: number) => void;
  signal?: AbortSignal;
}

function instanceIn(root: Root, port: number): Instance {
  const directory = join(realpathSync(root.path), '.openclaw');
  return {
    ...{ user: process.getuid?.() ?? -1, profile: '', directory, config: join(directory, 'openclaw.json') },
    ...{ port, address: '127.0.0.1' },
  };
}

describe('a gateway whose process is real', () => {
  let root: Root;

  beforeEach(async () => {
    root = temporaryRoot();
    seedNode(root.path);
    await sealTinyRelease(root, RELEASE);
    await sealTinyRelease(root, OTHER);
  });

  async function verify(gateway: Gateway = {}) {
    const { from = RELEASE, says = {}, instanceAt = () => 'new' } = gateway;
    const port = await freePort();
    const answers = { port, status: 200, failing: [], version: RELEASE, ...says };
    const child = spawn(runtimeNode(root, TINY_NODE), ['-e', PROGRAM, JSON.stringify(answers)], {
      env: { OPENCLAW_RELEASES_RELEASE: releaseDirectory(root, from), HOME: root.path },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    let looks = 0;
    let settling = 0;
    const inspect = (): Promise<Inspection> => {
      const launch = { args: ['--port', String(port)], env: { HOME: root.path } };
      const instance = instanceAt(++looks);
      const running = { state: 'running', pid: child.pid ?? null, instance } as const;
      return Promise.resolve({ ...running, restarts: 0, lastExit: null, launch });
    };
    const context = {
      root,
      supervisor: { ...nobody, inspect, owns: () => Promise.resolve(true) },
      signal: gateway.signal ?? new AbortController().signal,
      progress: (text: string) => text === 'settling' && gateway.onSettling?.(++settling),
    } as unknown as Context;
    return awaitVerified(context, {
      release: RELEASE,
      instance: 'new',
      before: WELL,
      gateway: null,
      mustBeReady: true,
      settleMs: 0,
      limits: QUICK,
      ...(gateway.before && { gateway: { ...instanceIn(root, port), ...gateway.before } }),
      ...gateway.expected,
    });
  }

  test('is verified by the process that runs from its release', async () => {
    expect(await verify()).toMatchObject({ health: { ready: true, version: RELEASE } });
  });

  test('is not verified when it runs from another release', async () => {
    const stop = new AbortController();
    const verified = verify({
      from: OTHER,
      // No other rule keeps it from being verified.
      onSettling: () => stop.abort(new Error('well but for that')),
      signal: stop.signal,
    });
    await expect(verified).rejects.toMatchObject({
      code: 'wrong_release',
      message: `The gateway that was started runs from ${OTHER}, not from ${RELEASE}.`,
    });
  });

  test('fails within its deadline when it runs on another Node than that of its release', async () => {
    makeTinyNode(root, '98.0.0');
    await sealTinyRelease(root, '2026.7.1', {}, { runtime: describeRuntime(root, '98.0.0') });
    const verified = verify({
      from: '2026.7.1',
      says: { version: '2026.7.1' },
      expected: { release: '2026.7.1' },
    });
    await expect(verified).rejects.toMatchObject({
      code: 'wrong_release',
      message: expect.stringMatching(
        /process \d+ runs \S*node\S*, and the Node of 2026\.7\.1 is \S*node-98\.0\.0\S*, after/,
      ),
    });
  });

  test('is verified as the instance from before, also where the sockets of one of them cannot be read', async () => {
    for (const before of [{}, { port: null, address: null }])
      expect(await verify({ before })).toMatchObject({ health: { ready: true } });
  });

  test.each<[Partial<Instance>, string]>([
    [{ user: 65_534 }, `user 65534 before, ${process.getuid?.()} now`],
    [{ profile: 'work' }, 'profile work before, default now'],
    [{ directory: '/srv/state' }, 'state directory /srv/state before'],
    [{ config: '/etc/openclaw.json' }, 'configuration /etc/openclaw.json before'],
    [{ port: 1 }, 'port 1 before'],
    [{ address: '0.0.0.0' }, 'address 0.0.0.0 (every address) before, 127.0.0.1 now'],
  ])('is not verified when before it was the one with %j', async (before, sentence) => {
    await expect(verify({ before })).rejects.toMatchObject({
      code: 'instance_changed',
      message: expect.stringContaining(sentence),
    });
  });

  test('is not verified when it is not ready, unless it was not ready before', async () => {
    const notReady = { status: 503 };
    await expect(verify({ says: notReady })).rejects.toMatchObject({ code: 'gateway_not_ready' });
    const before = { ...WELL, ready: false };
    expect(await verify({ says: notReady, expected: { before, mustBeReady: false } })).toMatchObject({
      health: { live: true, ready: false },
    });
  });

  test('is not verified when it is started again before it has settled', async () => {
    let isSettling = false;
    const verified = verify({
      instanceAt: () => (isSettling ? 'a third one' : 'new'),
      expected: { settleMs: 60_000 },
      onSettling: () => {
        isSettling = true;
      },
    });
    await expect(verified).rejects.toMatchObject({ code: 'gateway_crashed' });
  });
});
