import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Change, listChanges } from '../../src/ledger/ledger.js';
import { currentRelease } from '../../src/store/links.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import type { Supervisor } from '../../src/supervisor/supervisor.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { type Filesystem, makeFilesystem } from '../support/filesystem.js';
import { type Answer, makeWorld, type RunningSupervisor, type World } from '../support/world.js';
import { endProcesses } from './processes.js';

/** A world in which one change after the other is interrupted: two proven releases, and a gateway that runs. */
export interface Arena {
  world: World;
  root: Root;
  supervisor: Supervisor;
  /** The process that supervises now. */
  supervised: RunningSupervisor;
  /** Filesystem of the root, where that can be cut off or filled. */
  disk: Filesystem | null;
  /** Releases that were verified once. */
  proven: Set<string>;
  /** Commands and answers since the round began, for a person who investigates. */
  journal: string[];
  /** The release that runs at rest, which is the current one. */
  running(): string;
  nextVersion(): string;
  /** Runs a command to its end. */
  command(...args: string[]): Promise<Answer>;
  /** The change to a release that the ledger has got since it held `known`, or null. */
  changeTo(target: string, known: ReadonlySet<string>): Change | null;
  end(): Promise<void>;
}

export interface ArenaOptions {
  /** MiB of the filesystem that the root gets for itself. */
  disk?: number;
  env?: Record<string, string>;
  /** The Node for all of it; releases with databases need one with `node:sqlite`. */
  node?: string;
  /** Behaviour of every release that is published now, besides its own. */
  behaviour?: () => Behaviour;
}

/** Names become durable within a second, data only after half a minute: what is not flushed is lost. */
const MOUNT_OPTIONS = ['commit=1'];

export async function makeArena(options: ArenaOptions = {}): Promise<Arena> {
  const cleaners: (() => unknown)[] = [];
  const clean = async () => {
    for (const one of cleaners.splice(0).reverse()) await one();
  };
  try {
    return await prepareArena((one) => void cleaners.push(one), clean, options);
  } catch (error) {
    await clean();
    throw error;
  }
}

async function prepareArena(
  atEnd: (clean: () => void | Promise<void>) => void,
  clean: () => Promise<void>,
  { disk: mebibytes = 0, env = {}, node = process.execPath, behaviour = () => ({}) }: ArenaOptions,
): Promise<Arena> {
  let disk: Filesystem | null = null;
  const rootIn = (path: string) => {
    if (mebibytes === 0) return join(path, 'root');
    const directory = join(path, 'disk');
    mkdirSync(directory);
    const made = makeFilesystem(directory, mebibytes, MOUNT_OPTIONS);
    atEnd(() => made.remove());
    disk = made;
    return join(made.mountPoint, 'root');
  };
  // A snapshot is restored by renames, so it lies beside the root.
  const stateIn = (path: string) => join(disk?.mountPoint ?? path, 'state');
  const world = await makeWorld(atEnd, { env, node, rootIn, stateIn });
  const publish = world.publish;
  world.publish = (version, own) => publish(version, { ...behaviour(), ...own });
  const root = rootAt(world.root);
  let published = 0;
  const nextVersion = () => `2026.6.${++published}`;
  const first = nextVersion();
  const second = nextVersion();
  world.publish(first);
  world.publish(second);
  const supervised = await world.start(first);
  const journal: string[] = [];
  const arena: Arena = {
    ...{ world, root, supervised, disk, journal, nextVersion },
    supervisor: builtinSupervisor(root.path),
    proven: new Set([first]),
    running() {
      const current = currentRelease(root);
      if (current === null) throw new Error('No release is current.');
      return current;
    },
    async command(...args) {
      const answer = await world.cli(...args);
      journal.push(`$ ${args.join(' ')}: ${answer.exitCode}`, answer.stdout, answer.stderr);
      return answer;
    },
    async end() {
      // First of all what hangs at a point, or on a disk that was cut off.
      await endProcesses(world.path, [arena.supervised.pid]);
      await clean();
    },
    changeTo: (target, known) =>
      listChanges(root).find(({ id, plan }) => plan.target === target && !known.has(id)) ?? null,
  };
  await world.ok('update', second, '--settle', '0.2');
  arena.proven.add(second);
  return arena;
}
