import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { REPOSITORY } from '../lab/system.js';
import { slowness } from '../support/slowness.js';

/** Collection of this repository, where ansible-playbook finds it by its name. */
export function makeCollections(directory: string): string {
  const path = join(directory, 'collections');
  mkdirSync(join(path, 'ansible_collections/openclaw'), { recursive: true });
  symlinkSync(join(REPOSITORY, 'deploy/ansible'), join(path, 'ansible_collections/openclaw/releases'));
  return path;
}

export interface Playing {
  /** Name of a playbook of the collection, or a path. */
  playbook: string;
  inventory: string;
  collections: string;
  variables?: Record<string, unknown>;
  check?: boolean;
  env?: Record<string, string>;
  /** Program and arguments that run ansible-playbook, such as nsenter. */
  through?: string[];
  /** Ends it; four minutes unless given. A slow machine gets more. */
  timeoutMs?: number;
}

export interface Played {
  exitCode: number;
  output: string;
  /** `ok`, `changed`, `failed` and their like by host, from the recap. */
  recap: Record<string, Record<string, number>>;
}

/** Starts the real ansible-playbook; `kill` ends it as a closed terminal does. */
export function play({
  playbook,
  inventory,
  collections,
  variables = {},
  check,
  env,
  through = [],
  timeoutMs = 240_000,
}: Playing) {
  const argv = [
    ...through,
    ...['ansible-playbook', '-i', inventory, playbook, '-e', JSON.stringify(variables)],
    ...(check ? ['--check'] : []),
  ];
  const child = execa(argv[0] ?? '', argv.slice(1), {
    env: {
      ANSIBLE_COLLECTIONS_PATH: collections,
      ANSIBLE_PIPELINING: '1',
      ANSIBLE_NOCOLOR: '1',
      ANSIBLE_FORKS: '6',
      ANSIBLE_LOCALHOST_WARNING: '0',
      LC_ALL: 'C.UTF-8',
      ...env,
    },
    all: true,
    reject: false,
    stdin: 'ignore',
    detached: true,
    timeout: timeoutMs * slowness,
  });
  const ended = child.then(
    ({ exitCode = -1, all }): Played => ({ exitCode, output: all, recap: recapOf(all) }),
  );
  return { ended, kill: () => process.kill(-(child.pid ?? 0), 'SIGKILL') };
}

function recapOf(output: string): Played['recap'] {
  const lines = output.slice(output.lastIndexOf('PLAY RECAP')).matchAll(/^(\S+)\s+: (ok=.*)$/gm);
  return Object.fromEntries(
    [...lines].map(([, host = '', counts = '']) => [
      host,
      Object.fromEntries(
        counts
          .trim()
          .split(/\s+/)
          .map((count) => [count.split('=')[0], Number(count.split('=')[1])]),
      ),
    ]),
  );
}
