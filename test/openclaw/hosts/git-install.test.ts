import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { REPOSITORY } from '../../lab/machine.js';
import { atEndOfAll } from '../../support/at-end.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';
import { LONG_MS } from '../openclaw-story.js';

/** Node, its npm, and what that npm wants to be told about an address of git. */
const NPMS: [node: string, npm: string, flags: string[]][] = [
  ['20', '10.8', []],
  ['22', '10.9', []],
  ['24', '11', []],
  ['26', '11', []],
  ['26', '12', ['--allow-git=root']],
];

const atEnd = atEndOfAll();
let tools: string;

beforeAll(() => {
  tools = temporaryDirectory('npms', atEnd);
});

async function fetched(directory: string, name: string): Promise<string> {
  const prefix = join(tools, directory);
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  if (!existsSync(prefix)) await execa('npm', ['install', '--prefix', prefix, ...quiet, name]);
  return join(prefix, 'node_modules');
}

/** Runs an npm on its Node, with a global prefix of its own. */
async function npmOf(node: string, npm: string, prefix: string) {
  const name = `node-linux-${process.arch}`;
  const bin = join(await fetched(`node-${node}`, `${name}@${node}`), name, 'bin');
  const cli = join(await fetched(`npm-${npm}`, `npm@${npm}`), 'npm/bin/npm-cli.js');
  mkdirSync(join(prefix, 'lib'), { recursive: true });
  const env = { PATH: `${bin}:${process.env.PATH}`, npm_config_prefix: prefix };
  return {
    env,
    npm: (args: string[], cwd = prefix) => execa(join(bin, 'node'), [cli, ...args], { cwd, env }),
  };
}

function committed(directory: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, stdio: 'ignore' });
  git('init');
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.invalid', 'commit', '--message=test');
  return directory;
}

/** A clone with our `prepare`, and with a tool, a program and a library of a few bytes. */
function smallClone(): string {
  const clone = temporaryDirectory('clone');
  writeTree(clone, {
    '.gitignore': 'node_modules/\ndist/\n',
    'package.json': JSON.stringify({
      name: 'small',
      version: '1.0.0',
      type: 'module',
      bin: { small: 'dist/cli/main.cjs' },
      files: ['dist'],
      scripts: { build: 'typescript', prepare: 'node build/prepare.js' },
      dependencies: { yoctocolors: '^2.2.0' },
      bundleDependencies: true,
      devDependencies: { typescript: 'file:tool' },
    }),
    'tool/package.json': JSON.stringify({ name: 'typescript', version: '1.0.0', bin: 'tool.js' }),
    'tool/tool.js': `#!/usr/bin/env node
const fs = require('node:fs');
fs.mkdirSync('dist/cli', { recursive: true });
fs.writeFileSync('dist/cli/main.cjs', '#!/usr/bin/env node\\nimport("yoctocolors").then(({ red }) => console.log(typeof red));');
fs.chmodSync('dist/cli/main.cjs', 0o755);`,
    'test/support/fetch-node.ts': '',
  });
  mkdirSync(join(clone, 'build'));
  cpSync(join(REPOSITORY, 'build/prepare.js'), join(clone, 'build/prepare.js'));
  execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], {
    cwd: clone,
    stdio: 'ignore',
  });
  return committed(clone);
}

describe.each(NPMS)('npm of Node %s (npm %s)', (node, version, flags) => {
  test(
    'installs globally from an address of git, and again after an uninstall, with no link to a clone',
    async () => {
      const clone = smallClone();
      const prefix = realpathSync(temporaryDirectory('prefix'));
      const { npm, env } = await npmOf(node, version, prefix);
      const cache = join(prefix, 'cache');
      for (const time of ['first', 'second']) {
        await npm(['install', '--global', ...flags, '--cache', cache, `git+file://${clone}`]);
        expect(realpathSync(join(prefix, 'lib/node_modules/small')), time).toBe(
          join(prefix, 'lib/node_modules/small'),
        );
        const { stdout } = await execa(join(prefix, 'bin/small'), { env });
        expect(stdout, time).toBe('function');
        expect(readdirSync(join(prefix, 'lib/node_modules')), time).toEqual(['small']);
        expect(readdirSync(join(prefix, 'lib/node_modules/small/node_modules')), time).toEqual([
          'yoctocolors',
        ]);
        await npm(['uninstall', '--global', 'small']);
        expect(readdirSync(join(prefix, 'lib/node_modules')), time).toEqual([]);
      }
    },
    LONG_MS,
  );

  test(
    'builds in a clone without the tools, and keeps them out of it',
    async () => {
      const clone = smallClone();
      const { npm, env } = await npmOf(node, version, temporaryDirectory('prefix'));
      await npm(['ci', '--omit=dev'], clone);
      expect((await execa(join(clone, 'dist/cli/main.cjs'), { env })).stdout).toBe('function');
      const installed = readdirSync(join(clone, 'node_modules')).filter((name) => !name.startsWith('.'));
      expect(installed).toEqual(['yoctocolors']);
    },
    LONG_MS,
  );
});

test(
  'this package installs from an address of git of its clone',
  async () => {
    const clone = join(temporaryDirectory('checkout'), 'openclaw-releases');
    await execa('git', ['clone', '--quiet', '--no-hardlinks', REPOSITORY, clone]);
    const prefix = temporaryDirectory('prefix');
    const [[node, version] = ['', '']] = NPMS;
    const { npm, env } = await npmOf(node, version, prefix);
    await npm(['install', '--global', `git+file://${clone}`]);
    const { stdout } = await execa(
      join(prefix, 'bin/openclaw-releases'),
      ['setup', '--dry-run', '--root', join(prefix, 'root')],
      { env },
    );
    expect(stdout).toContain('Would');
    expect(existsSync(join(dirname(clone), 'root'))).toBe(false);
  },
  LONG_MS,
);
