import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../lab/system.js';
import { makeCollections, play } from './ansible.js';
import { HOSTS, LOOKS, type Schedule } from './schedule.js';

export const BEFORE = '2026.9.5';
export const TARGET = '2026.9.6';

/** Settings of Ansible for a roll-out without a gate. */
export const STOCK = ['max_fail_percentage: 0', 'any_errors_fatal: true'] as const;

export type Way = 'gate' | (typeof STOCK)[number];

export interface Outcome {
  /** The first host, where it must be restarted; null where it may be down or refuse. */
  canary: string | null;
  /** Hosts whose gateway was restarted, with either result. */
  reached: string[];
  /** Those of them in a batch after the first batch in which the release failed. */
  beyond: string[];
  /** Hosts whose gateway was restarted twice. */
  twice: string[];
  exitCode: number;
  /** Hosts whose `current` is the release. */
  done: string[];
  output: string;
}

/** Percentages as Ansible counts them: rounded down, and at least one host. */
function batchesOf(hosts: readonly string[], sizes: readonly string[]): string[][] {
  const batches: string[][] = [];
  let at = 0;
  for (const size of sizes) {
    const share = Math.max(1, Math.floor((Number.parseInt(size, 10) * hosts.length) / 100));
    const count = size.endsWith('%') ? share : Number(size);
    batches.push(hosts.slice(at, at + count));
    at += count;
  }
  return batches.filter((batch) => batch.length > 0);
}

/** Batches of the roll-out: hosts that do not answer the first looks are in none. */
function plannedBatches({ hosts }: Schedule, way: Way): string[][] {
  if (way !== 'gate') return batchesOf(HOSTS, ['1', '25%', '100%']);
  const able = HOSTS.filter((name) => (hosts[name]?.down?.[0] ?? Number.POSITIVE_INFINITY) > LOOKS);
  return [able.slice(0, 1), ...batchesOf(able.slice(1), ['25%', '100%'])];
}

function stockPlaybook(setting: string): string {
  return `
- hosts: openclaw
  gather_facts: false
  serial: [1, 25%, 100%]
  ${setting}
  tasks:
    - ansible.builtin.command:
        argv: [openclaw-releases, update, ${TARGET}, --json]
`;
}

interface HostFile {
  current: string;
  restarts: number;
}

interface More {
  playbook?: 'rollout' | 'rollback';
  variables?: Record<string, unknown>;
}

/** Runs a roll-out over simulated hosts, in a directory of its own. */
export async function simulate(
  schedule: Schedule,
  way: Way,
  directory: string,
  { playbook = 'rollout', variables = {} }: More = {},
): Promise<Outcome> {
  const names = Object.keys(schedule.hosts);
  const files = join(directory, 'hosts');
  mkdirSync(files, { recursive: true });
  const file = (name: string) => join(files, `${name}.json`);
  for (const [name, host] of Object.entries(schedule.hosts)) {
    // Without the gate nothing looks before the change.
    const looks = way === 'gate' ? 0 : LOOKS;
    const down = host.down?.map((at) => Math.max(1, at - looks));
    const state = { current: BEFORE, quarantine: false, ...host, down, changes: [], restarts: 0 };
    writeFileSync(file(name), JSON.stringify(state));
  }
  const inventory = join(directory, 'inventory');
  const connection = 'ansible_connection=simulated\nansible_python_interpreter=/usr/bin/python3';
  writeFileSync(inventory, `[openclaw]\n${names.join('\n')}\n[openclaw:vars]\n${connection}\n`);
  const stock = join(directory, 'stock.yml');
  if (way !== 'gate') writeFileSync(stock, stockPlaybook(way));
  const { exitCode, output } = await play({
    playbook: way === 'gate' ? `openclaw.releases.${playbook}` : stock,
    inventory,
    collections: makeCollections(directory),
    variables: {
      openclaw_releases_version: TARGET,
      openclaw_releases_from: 'registry',
      openclaw_releases_bake_seconds: 0,
      openclaw_releases_reconnect_seconds: 1,
      ...variables,
    },
    env: {
      OPENCLAW_SIMULATED: files,
      ANSIBLE_CONNECTION_PLUGINS: join(REPOSITORY, 'test/fleet/simulated'),
      ANSIBLE_FORKS: '4',
    },
  }).ended;
  const after = Object.fromEntries(
    names.map((name) => [name, JSON.parse(readFileSync(file(name), 'utf8')) as HostFile]),
  );
  const reached = names.filter((name) => (after[name]?.restarts ?? 0) > 0);
  const isBad = (name: string) => [5, 6].includes(schedule.hosts[name]?.verdict[1] ?? 0);
  const batches = plannedBatches(schedule, way);
  const canary = batches[0]?.[0] ?? '';
  const { verdict, down } = schedule.hosts[canary] ?? {};
  const mustBeReached = down === null && [0, 5, 6].includes(verdict?.[1] ?? -1);
  const first = batches.findIndex((batch) => batch.some((name) => isBad(name) && reached.includes(name)));
  return {
    canary: mustBeReached ? canary : null,
    reached,
    beyond:
      first < 0
        ? []
        : batches.slice(first + 1).flatMap((batch) => batch.filter((name) => reached.includes(name))),
    twice: names.filter((name) => (after[name]?.restarts ?? 0) > 1),
    exitCode,
    done: names.filter((name) => after[name]?.current === TARGET),
    output,
  };
}

/** Sentences about what a roll-out with the gate must never do. */
export function brokenRules(
  { kind }: Schedule,
  { canary, reached, beyond, twice, done, exitCode }: Outcome,
): string[] {
  return [
    // Else a roll-out that fails before its first host keeps all the other rules.
    ...(canary !== null && !reached.includes(canary) ? [`it did not reach ${canary}`] : []),
    ...(kind === 'bad everywhere' && reached.length > 1 ? [`it reached ${reached.length} hosts`] : []),
    ...(beyond.length > 0 ? [`after the failure it continued to ${beyond.join(', ')}`] : []),
    ...(twice.length > 0 ? [`restarted twice: ${twice.join(', ')}`] : []),
    ...((exitCode === 0) !== (done.length === HOSTS.length)
      ? [`it ended with ${exitCode}, ${done.length} done`]
      : []),
  ];
}
