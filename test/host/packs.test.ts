import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { readManifest } from '../../src/store/manifest.js';
import { rootAt } from '../../src/store/root.js';
import { smallFilesystem } from '../support/filesystem.js';
import { ORDINARY, ordinaryUser } from '../support/ordinary-user.js';
import { sha256 } from '../support/pack.js';
import { makeTinyNode } from '../support/release.js';
import { CLI, makeWorld } from '../support/world.js';

const VERSION = '2026.6.1';

test('packs of one release are the same bytes on hosts that differ in owner, umask, filesystem and age', async () => {
  const world = await makeWorld(undefined, { seeded: false });
  world.publish(VERSION);

  /** Stages the release on a host of its own, in which everything is of one user, and packs it there. */
  async function packedOn(
    directory: string,
    umask: string,
    uid: number,
  ): Promise<{ pack: string; mode: number }> {
    const { command, checkout } = uid === 0 ? { command: [], checkout: null } : ordinaryUser(uid);
    const root = join(directory, 'root');
    makeTinyNode(rootAt(root));
    for (const name of ['home', 'tmp']) mkdirSync(join(directory, name));
    execFileSync('chown', ['-R', `${uid}:${uid}`, directory]);
    // Made for the superuser alone.
    chmodSync(dirname(directory), 0o755);
    const env = {
      ...world.env,
      HOME: join(directory, 'home'),
      TMPDIR: join(directory, 'tmp'),
      OPENCLAW_RELEASES_ROOT: root,
      npm_config_cache: join(directory, 'cache'),
    };
    const cli = checkout === null ? CLI : join(checkout, 'dist/cli/main.cjs');
    const ours = (...args: string[]) => {
      const script = `umask ${umask}; exec "$0" "$@"`;
      const [file = '', ...rest] = [...command, 'sh', '-c', script, process.execPath, cli, ...args, '--json'];
      return execa(file, rest, { env, extendEnv: false, cwd: '/' });
    };
    await ours('stage', VERSION);
    const file = join(directory, 'release.pack');
    await ours('pack', VERSION, '--output', file);
    const { main } = readManifest(rootAt(root), VERSION);
    const { mode, uid: owner } = statSync(join(root, 'releases', VERSION, main));
    expect(owner).toBe(uid);
    return { pack: sha256(readFileSync(file)), mode: mode & 0o777 };
  }

  const one = await packedOn(smallFilesystem(4_000, 'xfs'), '077', ORDINARY);
  const other = await packedOn(smallFilesystem(4_000), '022', 0);
  expect(one.mode).not.toBe(other.mode);
  expect(one.pack).toBe(other.pack);
});
