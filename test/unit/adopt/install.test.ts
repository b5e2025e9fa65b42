import { chmodSync, existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findInstall } from '../../../src/adopt/install.js';
import { answeringNode } from '../../support/node-copy.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const openclaw = (version: string) => JSON.stringify({ name: 'openclaw', version });
const UNIT = 'openclaw-releases-test-nowhere.service';

let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  home = temporaryDirectory('home');
  // The test has its own programs, so that it never finds what the host has installed.
  writeTree(home, { 'bin/.keep': '', 'bin/node': answeringNode('22.23.3') });
  chmodSync(join(home, 'bin/node'), 0o755);
  env = { HOME: home, PATH: join(home, 'bin'), XDG_RUNTIME_DIR: join(home, 'run') };
});

const mine = (paths: { packageRoot: string }[]) =>
  paths.map(({ packageRoot }) => packageRoot).filter((path) => path.startsWith(home));

describe('finding an install without a unit', () => {
  test('takes the first openclaw on the search path, and names the others', async () => {
    writeTree(home, {
      '.npm-global/lib/node_modules/openclaw/package.json': openclaw('2026.6.1'),
      '.npm-global/lib/node_modules/openclaw/openclaw.mjs': '',
      'bin/openclaw': '-> ../.npm-global/lib/node_modules/openclaw/openclaw.mjs',
      '.nvm/versions/node/v22.23.3/lib/node_modules/openclaw/package.json': openclaw('2026.5.28'),
      '.bun/install/global/node_modules/openclaw/package.json': openclaw('2026.5.3-1'),
      '.local/share/pnpm/global/5/.pnpm/openclaw@1/node_modules/openclaw/package.json': openclaw('2026.5.2'),
      '.local/share/pnpm/global/5/node_modules/openclaw': '-> ../.pnpm/openclaw@1/node_modules/openclaw',
      '.config/yarn/global/node_modules/openclaw/package.json': JSON.stringify({ name: 'another' }),
    });
    chmodSync(join(home, '.npm-global/lib/node_modules/openclaw/openclaw.mjs'), 0o755);
    const install = await findInstall({ env });
    expect(install).toMatchObject({
      packageRoot: join(home, '.npm-global/lib/node_modules/openclaw'),
      version: '2026.6.1',
      node: { version: '22.23.3' },
      unit: null,
      command: null,
    });
    expect(mine(install.others)).toEqual([
      join(home, '.nvm/versions/node/v22.23.3/lib/node_modules/openclaw'),
      join(home, '.local/share/pnpm/global/5/.pnpm/openclaw@1/node_modules/openclaw'),
      join(home, '.bun/install/global/node_modules/openclaw'),
    ]);
  });

  test("asks npm for an unusual prefix, and leaves nothing of npm's in the home", async () => {
    writeTree(home, {
      'odd place/lib/node_modules/openclaw/package.json': openclaw('2026.5.28'),
      'bin/npm': `#!/bin/sh\n/bin/mkdir -p "$npm_config_cache/_logs"\necho '${home}/odd place/lib/node_modules'\n`,
    });
    chmodSync(join(home, 'bin/npm'), 0o755);
    const install = await findInstall({ env });
    expect(install.packageRoot).toBe(join(home, 'odd place/lib/node_modules/openclaw'));
    expect(existsSync(join(home, '.npm'))).toBe(false);
    expect(readdirSync(home).sort()).toEqual(['bin', 'odd place']);
  });

  test('reports that a named unit does not exist', async () => {
    await expect(findInstall({ env, unit: UNIT })).rejects.toMatchObject({ code: 'supervisor_not_found' });
  });
});

test('a shim stands for the Node that it starts', async () => {
  writeTree(home, {
    '.npm-global/lib/node_modules/openclaw/package.json': openclaw('2026.6.1'),
    'bin/node': `#!/bin/sh\nexec '${process.execPath}' "$@"\n`,
  });
  const { node } = await findInstall({ env });
  expect(node).toMatchObject({ path: realpathSync(process.execPath), version: process.versions.node });
});
