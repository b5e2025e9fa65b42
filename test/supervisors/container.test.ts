import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COLLECTOR } from '../../src/supervisor/builtin/first-process.js';
import { until } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { QUICK } from '../support/world.js';
import { bootHost, type Host } from './host.js';
import { chain, inside, LONG } from './story.js';

/** As `ENTRYPOINT` has it, once there is a release. */
const ENTRYPOINT = ['/bin/sh', '-c', 'until [ -e /run/go ]; do sleep 0.1; done; exec openclaw-releases run'];
const go = (host: Host) => host.run(['touch', '/run/go']);

async function withRelease(host: Host): Promise<void> {
  host.publish('2026.6.1');
  await host.ok('stage', '2026.6.1');
  await host.ok('switch', '2026.6.1', '--no-restart');
}

/** Leaves a process without its parent, which ends then; resolves once it has ended. */
async function orphan(host: Host): Promise<void> {
  await host.get(`/shell?command=${encodeURIComponent('sleep 0.2 & echo $! >/run/orphan')}`);
  const pid = () => Number(existsSync(at(host)) ? readFileSync(at(host), 'utf8') : 0);
  await until('there was an orphan, and it ended', () => {
    return pid() > 0 && host.processes().every((one) => one.pid !== pid());
  });
}

const at = (host: Host) => `/proc/${host.leader}/root/run/orphan`;

test(
  'run as process 1 collects orphans, is updated and rolled back, and ends with its gateway',
  LONG,
  async () => {
    const node = await sqliteNode();
    const host = await bootHost({ init: ENTRYPOINT, node });
    await withRelease(host);
    host.publish('2026.6.5');
    host.publish('2026.6.9', { crashAtStart: true });
    await go(host);
    const above = /^sh -c .*openclaw-releases-init/s;
    const { run } = await chain(host, above, '2026.6.1');
    await orphan(host);
    await until('it is collected', () => host.zombies().length === 0);

    expect(await inside(host, 'update', '2026.6.5', ...QUICK)).toMatchObject({
      status: 'package_updated_restart_verified',
    });
    expect((await host.cli('update', '2026.6.9', ...QUICK)).json).toMatchObject({ status: 'rolled_back' });
    expect(await host.ok('rollback', ...QUICK)).toMatchObject({
      status: 'package_updated_restart_verified',
    });
    expect(await chain(host, above, '2026.6.1')).toMatchObject({ run });

    await host.run(['kill', '-KILL', String(run)]);
    expect(await host.ended).toBe(128 + 9);
    expect(await host.version()).toBe(null);

    // The same disk in a new container, as a restart policy starts it.
    const next = await bootHost({ init: ENTRYPOINT, node, disk: host });
    await go(next);
    await chain(next, above, '2026.6.1');
    process.kill(next.leader, 'SIGTERM');
    expect(await next.ended).toBe(0);
    expect(next.output()).not.toContain('did not end');
  },
);

test('a Node without execve says how orphans are collected, and leaves zombies', LONG, async () => {
  const hides = '/usr/local/share/without-execve.cjs';
  const host = await bootHost({
    init: ENTRYPOINT,
    files: { [hides]: 'delete process.execve;' },
    env: { NODE_OPTIONS: `--require=${hides}` },
  });
  await withRelease(host);
  await go(host);
  await until('it is ready', async () => (await host.version()) === '2026.6.1', 40_000);
  expect(host.output()).toContain('docker run --init');
  await orphan(host);
  expect(host.zombies()).toHaveLength(1);
});

test.each([['dash'], ['bash'], ['busybox', 'sh']])(
  '%s hands on signals and exit codes, and collects orphans',
  LONG,
  async (...shell) => {
    const program =
      'trap "echo asked; exit 7" TERM; (sleep 0.1 & exec true); echo ready; while :; do sleep 0.05; done';
    const host = await bootHost({ init: [...shell, '-c', COLLECTOR, 'init', 'sh', '-c', program] });
    await until('it waits', () => host.output().includes('ready'));
    await until('the orphan is collected', () => host.processes().length + host.zombies().length <= 3);
    process.kill(host.leader, 'SIGTERM');
    expect(await host.ended).toBe(7);
    expect(host.output()).toContain('asked');
  },
);
