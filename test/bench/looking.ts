import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Machine } from '../lab/machine.js';
import { makeOperator, QUICK } from '../lab/operator.js';
import { FULL_LANES, whyNot } from '../lanes/lanes.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { CLI } from '../support/world.js';
import { growRoot, type Size, updatedWorld } from './roots.js';

export const SMALL: Size = { releases: 3, changes: 20 };
export const BIG: Size = { releases: 100, changes: 200 };
export const BARE = 'node -e 0';
/** Machine with a systemd of its own, whose gateway was adopted. */
export const UNDER_SYSTEMD = 'under systemd';

const KNOWN = 'compatibility.json';
const SETTLED_WITHIN_MS = 200_000;

/** Milliseconds. */
export interface Cost {
  wall: number;
  /** User and system time, with that of all processes that were waited for. */
  cpu: number;
}

/** A command line that is measured. */
export interface Arm {
  name: string;
  /** The version of the Node that it runs on. */
  node: string;
  time(): Cost | Promise<Cost>;
}

type AtEnd = (clean: () => unknown) => void;

/** All that is compared: a Node that does nothing, and `list` and `status`, in roots of both sizes, on each of the Nodes. */
export async function lookingArms(directory: string, atEnd: AtEnd): Promise<Arm[]> {
  const nodes = [...new Set([await sqliteNode(), process.execPath])];
  return [...(await armsHere(nodes, directory, atEnd)), ...(await armsUnderSystemd(nodes, atEnd))];
}

async function armsHere(nodes: string[], directory: string, atEnd: AtEnd): Promise<Arm[]> {
  const roots: [string, string][] = [];
  const running: string[] = [];
  for (const [size, name] of [
    [SMALL, 'small'],
    [BIG, 'large'],
  ] as const) {
    const [world, templates] = await updatedWorld(atEnd);
    await growRoot(world.root, size, templates);
    roots.push([`${name} root`, world.root]);
    running.push(world.root);
    const alone = join(directory, name);
    await growRoot(alone, size, templates);
    roots.push([`${name} root, no gateway`, alone]);
  }
  for (const root of running) {
    const known = () => existsSync(join(root, KNOWN));
    await hasSettled(() => time(process.execPath, [CLI, 'list', '--root', root]), known);
  }
  return nodes.flatMap((node) => {
    const arm = (name: string, args: string[]) => ({
      ...{ name, node: versionOf(node), time: () => time(node, args) },
    });
    const looks = ['list', 'status'].flatMap((command) =>
      roots.map(([what, root]) => arm(`${command}, ${what}`, [CLI, command, '--root', root])),
    );
    return [arm(BARE, ['-e', '0']), ...looks];
  });
}

/** Starts the gateway as most run. Without a machine that boots, it says so, and promises that depend on it are not kept. */
async function armsUnderSystemd(nodes: string[], atEnd: AtEnd): Promise<Arm[]> {
  const lab = FULL_LANES.find(({ name }) => name === 'lab');
  const reason = lab ? whyNot(lab) : null;
  if (reason !== null) {
    console.warn(`Not measured under systemd. ${reason}`);
    return [];
  }
  const operator = await makeOperator(atEnd, { '2026.6.1': {} });
  await operator.ok(`adopt ${QUICK}`);
  await operator.ok(`update 2026.6.1 ${QUICK}`);
  const { machine } = operator;
  const root = join(machine.root, machine.claw.home, '.local/share/openclaw-releases');
  await hasSettled(
    () => operator.ok('list'),
    () => existsSync(join(root, KNOWN)),
  );
  return nodes.flatMap((node, at) => {
    // The gateway's user may have no access to a checkout's cache.
    const inside = join(machine.shared, `node-${at}`);
    copyFileSync(node, inside);
    return [
      [BARE, '-e 0'],
      ['list', `${CLI} list`],
      ['status', `${CLI} status`],
    ].map(([name, args]) => ({
      ...{ name: `${name}, ${UNDER_SYSTEMD}`, node: versionOf(node) },
      time: () => timeInside(machine, `${inside} ${args}`),
    }));
  });
}

/** Compatibility is tried once, and recorded when the gateway has run for two minutes. */
async function hasSettled(look: () => unknown, isKnown: () => boolean): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  for (await look(); !isKnown(); await look()) {
    if (performance.now() > deadline) throw new Error(`There is no ${KNOWN} after ${SETTLED_WITHIN_MS} ms.`);
    await setTimeout(5_000);
  }
}

const versionOf = (node: string) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();

// A pipe takes the output, as when a script reads it.
const TIMED = 'TIMEFORMAT="%R %U %S"; time';

/** @throws Error when it fails */
export function time(file: string, args: string[], cwd = '/'): Cost {
  const script = `${TIMED} "$0" "$@" 2>/dev/null`;
  // Node begins by reading what some of its variables name: certificates, for one.
  const { PATH, HOME } = process.env;
  const options = { cwd, env: { PATH, HOME }, encoding: 'utf8' } as const;
  const { status, stderr } = spawnSync('bash', ['-c', script, file, ...args], options);
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}.`);
  return costOf(stderr);
}

async function timeInside(machine: Machine, command: string): Promise<Cost> {
  return costOf((await machine.run(`${TIMED} ${command} 2>/dev/null`)).stderr);
}

function costOf(said: string): Cost {
  const [wall = 0, user = 0, system = 0] = said.trim().split(' ').map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}
