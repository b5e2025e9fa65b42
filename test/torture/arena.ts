import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Change, listChanges } from '../../src/ledger/ledger.js';
import { currentRelease } from '../../src/store/links.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import type { Supervisor } from '../../src/supervisor/supervisor.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { type Filesystem, makeFilesystem } from '../support/filesystem.js';
import type { AtEnd } from '../support/place.js';
import {
  type Answer,
  type BareWorld,
  makeWorld,
  type RunningSupervisor,
  type World,
} from '../support/world.js';
import { type Attempt, drawFamily, type Family, prepare } from './attempt.js';
import { endProcesses } from './processes.js';
import type { Random } from './random.js';

/** A world in which one change after the other is interrupted: two proven releases, and a gateway that runs. */
export interface Arena {
  world: BareWorld;
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
  /** Options by which a change gives its verdict soon. */
  limits: string[];
  /** False where it takes longer than a round to compare every file of every release. */
  comparesFiles: boolean;
  /** False where a gateway needs room for its start. */
  startsOnFullDisk: boolean;
  /** Milliseconds in which a gateway that was killed is ready again. */
  readyWithinMs: number;
  /** The release that runs at rest, which is the current one. */
  running(): string;
  drawFamily(random: Random): Family;
  /** Makes up a change of a family. */
  prepare(family: Family, random: Random): Attempt;
  /** Publishes one more good release and answers its version; null where all releases are staged from the beginning. */
  publishNext(): string | null;
  /** Runs a command to its end. */
  command(...args: string[]): Promise<Answer>;
  /** The change to a release that the ledger has got since it held `known`, or null. */
  changeTo(target: string, known: ReadonlySet<string>): Change | null;
  end(): Promise<void>;
}

/** An arena of miniature releases. */
export interface MiniatureArena extends Arena {
  world: World;
  nextVersion(): string;
  publishNext(): string;
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

/** Milliseconds in which a miniature is ready after it was killed: its supervisor delays it, and the delay doubles. */
const READY_WITHIN_MS = 30_000;

/** Names become durable within a second, data only after half a minute: what is not flushed is lost. */
const MOUNT_OPTIONS = ['commit=1'];

/** Makes a filesystem of its own for a root, and mounts it. */
export function mountDisk(path: string, mebibytes: number, atEnd: AtEnd): Filesystem {
  const directory = join(path, 'disk');
  mkdirSync(directory);
  const made = makeFilesystem(directory, mebibytes, MOUNT_OPTIONS);
  atEnd(() => made.remove());
  return made;
}

/** Makes something that has to be cleaned up, by its own end or where it fails. */
export async function withEnd<T>(make: (atEnd: AtEnd, clean: () => Promise<void>) => Promise<T>): Promise<T> {
  const cleaners: (() => void | Promise<void>)[] = [];
  const clean = async () => {
    for (const one of cleaners.splice(0).reverse()) await one();
  };
  try {
    return await make((one) => void cleaners.push(one), clean);
  } catch (error) {
    await clean();
    throw error;
  }
}

/** Parts of an arena that a world of any kind gives; its gateway runs. */
export function arenaIn<W extends BareWorld>(
  world: W,
  supervised: RunningSupervisor,
  disk: Filesystem | null,
  clean: () => Promise<void>,
) {
  const root = rootAt(world.root);
  const journal: string[] = [];
  const arena = {
    ...{ world, root, supervised, disk, journal },
    supervisor: builtinSupervisor(root.path),
    proven: new Set<string>(),
    running() {
      const current = currentRelease(root);
      if (current === null) throw new Error('No release is current.');
      return current;
    },
    async command(...args: string[]) {
      const answer = await world.cli(...args);
      journal.push(`$ ${args.join(' ')}: ${answer.exitCode}`, answer.stdout, answer.stderr);
      return answer;
    },
    async end() {
      // First of all what hangs at a point, or on a disk that was cut off.
      await endProcesses(world.path, [arena.supervised.pid]);
      await clean();
    },
    changeTo: (target: string, known: ReadonlySet<string>) =>
      listChanges(root).find(({ id, plan }) => plan.target === target && !known.has(id)) ?? null,
  };
  return arena;
}

export const makeArena = (options: ArenaOptions = {}): Promise<MiniatureArena> =>
  withEnd((atEnd, clean) => prepareArena(atEnd, clean, options));

async function prepareArena(
  atEnd: AtEnd,
  clean: () => Promise<void>,
  { disk: mebibytes = 0, env = {}, node = process.execPath, behaviour = () => ({}) }: ArenaOptions,
): Promise<MiniatureArena> {
  let disk: Filesystem | null = null;
  const rootIn = (path: string) => {
    if (mebibytes > 0) disk = mountDisk(path, mebibytes, atEnd);
    return join(disk?.mountPoint ?? path, 'root');
  };
  // A snapshot is restored by renames, so it lies beside the root.
  const stateIn = (path: string) => join(disk?.mountPoint ?? path, 'state');
  const world = await makeWorld(atEnd, { env, node, rootIn, stateIn });
  const publish = world.publish;
  world.publish = (version, own) => publish(version, { ...behaviour(), ...own });
  let published = 0;
  const nextVersion = () => `2026.6.${++published}`;
  const publishNext = () => {
    const version = nextVersion();
    world.publish(version);
    return version;
  };
  const first = publishNext();
  const second = publishNext();
  const supervised = await world.start(first);
  const arena: MiniatureArena = Object.assign(arenaIn(world, supervised, disk, clean), {
    ...{ drawFamily, nextVersion, publishNext, readyWithinMs: READY_WITHIN_MS },
    ...{ comparesFiles: true, startsOnFullDisk: true },
    limits: ['--settle', '0.2', '--ready-timeout', '1'],
    prepare: (family: Family, random: Random) => prepare(arena, family, random),
  });
  await world.ok('update', second, '--settle', '0.2');
  arena.proven.add(first).add(second);
  return arena;
}
