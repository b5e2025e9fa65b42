import { execa } from 'execa';
import { expect, test } from 'vitest';
import { until } from '../support/place.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

const COMMANDS = [
  ['list'],
  ['history'],
  ['history', '1'],
  ['status'],
  ['show', 'current'],
  ['timer', 'status'],
  ['timer', 'explain'],
];

async function shown({ node, env }: World, args: string[], width: number): Promise<string[]> {
  const { stdout } = await execa(node, [CLI, ...args], {
    env: { ...env, COLUMNS: String(width), TZ: 'Europe/Berlin' },
    extendEnv: false,
    reject: false,
  });
  return stdout.split('\n');
}

/** A line that must not be broken: a command to type, and a word without a blank. */
const isWhole = (line: string) => /^\s*(next|Next): /.test(line) || !line.trim().includes(' ');

test('what people read fits 60, 80 and 120 columns', async () => {
  const world = await makeWorld();
  for (const version of ['2026.6.1', '2026.7.1']) world.publish(version);
  world.publish('2026.8.1', { neverReady: true });
  await world.start('2026.6.1');
  await world.ok('update', '2026.7.1', ...QUICK);
  await world.cli('update', '2026.8.1', ...QUICK);
  await world.ok(
    'hold',
    '3d',
    '--why',
    'the exams of the whole family, which nobody may disturb by a restart',
  );
  for (const args of COMMANDS) {
    for (const width of [60, 80, 120]) {
      const wide = (await shown(world, args, width)).filter((line) => line.length > width && !isWhole(line));
      expect({ args, width, wide }).toEqual({ args, width, wide: [] });
    }
  }
  const rows = await shown(world, ['history'], 80);
  expect(rows[0]).toMatch(/^# +WHEN \(\+0[12]:00\) +WHAT +RESULT/);
  expect(rows[1]).toMatch(/^\d+ +\d{4}-\d\d-\d\d \d\d:\d\d +update 2026\.7\.1 → 2026\.8\.1 +rolled back/);
  expect((await shown(world, ['history'], 200))[1]).toContain('-update-');
});

test('status of another process has the progress of a download', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.registry.fault({ kind: 'slow', match: /tiny-dep-.*\.tgz/, delayMs: 4_000 });
  const stage = world.begin(['stage', '2026.6.1']);
  await until('the download is seen', async () => {
    const { running } = await world.ok('status');
    return running?.progress?.step === 'stage' && running.progress.sentence.includes(running.progress.text);
  });
  expect((await stage.ended).exitCode).toBe(0);
  expect(await world.ok('status')).toMatchObject({ running: null });
});
