import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/place.js';
import { CLI } from '../support/world.js';

test.each(['/proc', '/proc/nothing', '/dev/null'])(
  'commands work where TMPDIR is %s and HOME is not set',
  async (place) => {
    const root = join(temporaryDirectory(), 'root');
    for (const args of [['doctor'], ['list'], ['status'], ['recover'], ['timer', 'status']]) {
      const env = { PATH: process.env.PATH ?? '', TMPDIR: place, XDG_CONFIG_HOME: root };
      const command = [CLI, ...args, '--root', root, '--json'];
      const { exitCode, stdout } = await execa(process.execPath, command, {
        env,
        extendEnv: false,
        reject: false,
      });
      expect({ exitCode, ok: JSON.parse(stdout).ok }, args.join(' ')).toEqual({ exitCode: 0, ok: true });
    }
  },
);
