import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { findCorrupt } from '../../src/store/corrupt.js';
import { currentRelease } from '../../src/store/links.js';
import { tryReadManifest } from '../../src/store/manifest.js';
import { pin } from '../../src/store/policy.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { damage, expectKept, replaceBy, snapshot } from '../support/damage.js';
import { temporaryRoot } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

const atEnd = atEndOfAll();
let world: World;
let root: Root;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  root = rootAt(world.root);
  world.publish('2026.6.1');
  world.publish('2026.8.1', { crashAfterMs: 100 });
  await world.start('2026.6.1');
});

test('recover points a missing current to what runs', async () => {
  const target = readlinkSync(root.current);
  rmSync(root.current);
  expect(await world.ok('recover')).toMatchObject({
    recovered: [],
    repaired: [{ path: root.current, movedTo: null, instead: expect.stringContaining('which runs') }],
  });
  expect(readlinkSync(root.current)).toBe(target);
});

test.each(['/elsewhere/2026.6.1', 'releases/2026.6.1/', 'current'])(
  'status, doctor, verify and recover do not believe a current of %j',
  async (text) => {
    const target = readlinkSync(root.current);
    rmSync(root.current);
    symlinkSync(text, root.current);
    const why = expect.stringContaining('names no release');
    expect(await world.ok('status')).toMatchObject({ current: null, corrupt: [{ path: root.current, why }] });
    const { json } = await world.cli('doctor');
    expect(json.findings).toContainEqual(expect.objectContaining({ code: 'file_corrupt', sentence: why }));
    const verified = await world.cli('verify');
    expect(verified).toMatchObject({ exitCode: 3, json: { error: { code: 'corrupt_files', message: why } } });
    expect(await world.ok('recover')).toMatchObject({
      repaired: [
        { path: root.current, movedTo: expect.stringContaining('/corrupt/'), why },
        { path: root.current, instead: expect.stringContaining('which runs') },
      ],
    });
    expect(readlinkSync(root.current)).toBe(target);
  },
);

const PLAIN = ['trial', 'run.json', 'policy.json', 'timer-state.json', 'lock-owner.json'];

test.each(PLAIN)('a pipe in the place of %s stops no command', async (name) => {
  const path = join(root.path, name);
  const record = existsSync(path) ? readFileSync(path) : null;
  writeFileSync(path, record ?? '{}');
  replaceBy(path, 'a pipe');
  for (const command of ['list', 'status', 'history', 'doctor']) {
    const { exitCode } = await world.cli(command);
    expect(exitCode, command).not.toBe(null);
    expect(exitCode, command).not.toBe(1);
  }
  await world.ok('recover');
  rmSync(path, { force: true });
  if (record) writeFileSync(path, record);
});

// Last test of the file: it leaves a release that nothing can repair.
test('a rollback returns to a release that is not whole any more, and reports what is wrong', async () => {
  const current = currentRelease(root) ?? '';
  await world.ok('stage', '2026.8.1');
  const release = join(root.releases, current);
  damage(join(release, 'release.json'), 'zero-filled');
  damage(join(release, 'package-lock.json'), 'empty');
  const { exitCode, json } = await world.cli('switch', '2026.8.1', ...QUICK);
  expect(json).toMatchObject({ status: 'rolled_back', undoError: null, error: { code: 'gateway_crashed' } });
  expect(json.warnings).toContainEqual(expect.stringContaining('release.json holds nothing but zeros'));
  expect(exitCode).toBe(5);
  expect(await world.version()).toBe(current);
  const { stdout } = await execa(process.execPath, [CLI, 'status'], { env: world.env, extendEnv: false });
  expect(stdout).toMatch(
    /^Cannot be understood: \S+\/release\.json .+ Next: openclaw-releases --root \S+ recover$/m,
  );
});

test.each(['before write release.json', 'before rename corrupt policy.json'])(
  'recovery that is killed %s leaves every release startable, and the next run finishes it',
  async (point) => {
    const own = temporaryRoot();
    const id = '2026.6.1';
    const files = { 'node_modules/openclaw/package.json': JSON.stringify({ name: 'openclaw', version: id }) };
    await sealTinyRelease(own, id, files);
    pin(own, id);
    const broken = join(own.releases, id, 'release.json');
    damage(broken, 'binary junk');
    damage(own.policy, 'zero-filled');
    const before = snapshot(own.path);
    const recover = (env: Record<string, string> = {}) =>
      execa(process.execPath, [CLI, 'recover', '--root', own.path], { env, reject: false });
    expect(await recover({ OPENCLAW_RELEASES_FAULT: `kill ${point}` })).toMatchObject({ signal: 'SIGKILL' });
    // The launcher asks for this.
    expect(existsSync(broken)).toBe(true);
    expect(await recover()).toMatchObject({ exitCode: 0 });
    expect(findCorrupt(own)).toEqual([]);
    expect(tryReadManifest(own, id)).toMatchObject({ state: 'ok' });
    expectKept(own.path, before, [broken, own.policy]);
  },
);
