import { afterEach, expect, test, vi } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runProgram } from '../../src/cli/program.js';
import { until } from '../support/place.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

let said: Buffer[] | null = null;

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const writeSync = (to: number, bytes: Buffer, at: number) => {
    if (said === null || to > 2) return fs.writeSync(to, bytes, at);
    said.push(Buffer.from(bytes.subarray(at)));
    return bytes.length - at;
  };
  return { ...fs, writeSync };
});

afterEach(() => void vi.unstubAllEnvs());

const LOOKS = [
  ['list'],
  ['history'],
  ['history', '1'],
  ['status'],
  ['show', 'current'],
  ['timer', 'status'],
  ['timer', 'explain'],
];

/** Runs a command that only looks, in this process: each start of another costs most of a test. */
async function shown({ env }: World, args: string[], width: number): Promise<string[]> {
  for (const [name, value] of Object.entries({ ...env, COLUMNS: String(width), TZ: 'Europe/Berlin' }))
    vi.stubEnv(name, value);
  said = [];
  await runProgram(['node', 'openclaw-releases', ...args], COMMANDS);
  const text = Buffer.concat(said).toString();
  said = null;
  expect(process.exitCode ?? 0).toBe(0);
  return text.trimEnd().split('\n');
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
  for (const args of LOOKS) {
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
