import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFile } from '../../src/core/own-files.js';
import type { Command } from './measure.js';

export const OURS = 'openclaw-releases';
export const NPM = 'npm i -g';
export const PNPM = 'pnpm add';
export const PNPM_SEALED = 'pnpm add, then what ours does besides';

const CLI = ownFile('dist/cli/main.cjs');
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/openclaw-releases/peers', import.meta.url));

/** One way to get a release onto the disk, with a cache directory of its own. */
export interface Peer {
  name: string;
  /** @param place an empty directory @param cache what it may keep between two releases */
  command(version: string, place: string, cache: string): Command;
}

/** @param exact a lockfile, and the version that it is of */
export function ours(node: string, exact?: { version: string; lockfile: string }): Peer {
  return {
    name: exact ? `${OURS}, exact lockfile` : OURS,
    command: (version, place, cache) => ({
      file: node,
      args: [
        CLI,
        'stage',
        version,
        '--json',
        '--root',
        place,
        ...(exact?.version === version ? ['--lockfile', exact.lockfile] : []),
      ],
      cwd: place,
      env: withNode(node, { npm_config_cache: cache }),
    }),
  };
}

export function npm(node: string): Peer {
  const quiet = ['--no-audit', '--no-fund', '--no-progress'];
  return {
    name: NPM,
    command: (version, place, cache) => ({
      file: 'npm',
      args: ['install', '--global', '--prefix', place, `openclaw@${version}`, ...quiet],
      cwd: place,
      env: withNode(node, { npm_config_cache: cache }),
    }),
  };
}

/** Copies files, since OpenClaw refuses linked ones in places; runs OpenClaw's own scripts, without which it does not start. */
export function pnpm(node: string): Peer {
  const program = fetched('pnpm', 'pnpm/bin/pnpm.cjs', 'pnpm/bin/pnpm.mjs');
  const scripts = ['--allow-build=openclaw', '--config.strict-dep-builds=false'];
  const quiet = ['--package-import-method', 'copy', ...scripts, '--reporter', 'silent'];
  return {
    name: PNPM,
    command: (version, place, cache) => ({
      file: node,
      args: [program, 'add', `openclaw@${version}`, '--store-dir', join(cache, 'store'), ...quiet],
      cwd: project(place),
      env: withNode(node, { XDG_CACHE_HOME: cache, npm_config_minimum_release_age: '0' }),
    }),
  };
}

/** Adds the rest of our stage: OpenClaw was started, all files have their digests, and all is on the disk. */
export function pnpmSealed(node: string): Peer {
  const peer = pnpm(node);
  const besides = [
    'node node_modules/openclaw/openclaw.mjs --version',
    'find node_modules -type f -print0 | xargs -0 -P2 -n200 sha256sum > files.sha256',
    'sync -f .',
  ];
  return {
    name: PNPM_SEALED,
    command(...given) {
      const { file, args, ...rest } = peer.command(...given);
      const script = `"$0" "$@" && ${besides.join(' && ')}`;
      return { ...rest, file: 'bash', args: ['-o', 'pipefail', '-c', script, file, ...args] };
    },
  };
}

/** Copies files and runs OpenClaw's scripts as well. */
export function bun(node: string): Peer {
  const program = fetched('bun', '@oven/bun-linux-x64/bin/bun', '@oven/bun-linux-aarch64/bin/bun');
  return {
    name: 'bun add',
    command: (version, place, cache) => ({
      file: program,
      args: ['add', `openclaw@${version}`, '--backend', 'copyfile', '--silent'],
      cwd: project(place),
      env: withNode(node, { BUN_INSTALL_CACHE_DIR: cache }),
    }),
  };
}

function withNode(node: string, env: Record<string, string>): Record<string, string> {
  return { ...env, PATH: `${dirname(node)}:${process.env.PATH}` };
}

function project(place: string): string {
  const document = { name: 'bench', private: true, trustedDependencies: ['openclaw'] };
  writeFileSync(join(place, 'package.json'), JSON.stringify(document));
  return place;
}

/** The program of a package from the registry, which is fetched once. */
function fetched(name: string, ...programs: string[]): string {
  const directory = join(CACHE, name);
  const found = () => programs.map((path) => join(directory, 'node_modules', path)).find(existsSync);
  if (!found()) {
    mkdirSync(directory, { recursive: true });
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
    execFileSync('npm', ['install', '--prefix', directory, ...options, name], { stdio: 'ignore' });
  }
  const program = found();
  if (!program) throw new Error(`${name} has none of ${programs.join(', ')}.`);
  return program;
}
