import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { rpcClient } from '../lab/rpc-client.js';
import { FULL_LANES, whyNot } from '../lanes/lanes.js';
import {
  BAD,
  type Fault,
  faultIn,
  haveFault,
  idOf,
  NEW,
  OLD,
  stageReleases,
  startStaged,
} from '../openclaw/openclaw-variants.js';
import { openclawWorld, TOKEN } from '../openclaw/openclaw-world.js';
import type { Tally } from '../support/load.js';
import { type AtEnd, temporaryDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import type { BareWorld } from '../support/world.js';
import { type Arena, arenaIn, mountDisk, withEnd } from '../torture/arena.js';
import type { Attempt, Family } from '../torture/attempt.js';
import { pause } from '../torture/moment.js';
import { AGENT_DATABASE, type Notebook } from './rows.js';
import type { Course } from './soak.js';
import { COMMON, command, made, type Step } from './steps.js';

/** Releases, snapshots and displaced states of an hour. */
const DISK_MEBIBYTES = 16_384;
const READY_WITHIN_MS = 180_000;
const STEP_WITHIN_MS = 1_800_000;
const LIMITS = ['--settle', '3', '--ready-timeout', '30', '--idle-timeout', '2'];
const ROLLBACK_LIMITS = LIMITS.slice(0, 4);

/** Kinds of steps, and how often each comes. */
const WEIGHTS = {
  'update or rollback': 8,
  'update: exits at start': 2,
  'update: crashes once it is ready': 2,
  'command or gateway killed': 5,
  'gateway killed at rest': 2,
  'supervisor killed at rest': 1,
  'supervisor killed in a change': 1,
  'power cut': 2,
  'full disk': 2,
  drill: 2,
  scrub: 2,
  recover: 1,
  looks: 2,
};

/** Steps of the miniature that are left out, and the reason. */
const LEFT_OUT = [
  'No clock jumps: what OpenClaw does then is not in question here.',
  'No prune: what it removes takes minutes to stage again.',
  'No requests for lazy chunks: OpenClaw tells nobody which of its files answered.',
];

const FAULT_OF: Partial<Record<Family, Fault>> = {
  'crashes at start': 'exits at start',
  'crashes soon': 'crashes once it is ready',
};

/** @param kept directory that keeps what is staged for the next run; null for none */
export async function openclawCourse(
  atEnd: AtEnd,
  kept: string | null,
): Promise<{ course: Course<Arena>; lacks: string[] }> {
  const torture = FULL_LANES.find(({ name }) => name === 'torture');
  const noDisk = torture ? whyNot(torture) : null;
  const node = await sqliteNode();
  let staged: Promise<string> | undefined;
  const course: Course<Arena> = {
    weights: WEIGHTS,
    steps: STEPS,
    withinMs: STEP_WITHIN_MS,
    async makeArena() {
      staged ??= stageReleases(atEnd, kept);
      return makeRealArena(node, noDisk === null, await staged);
    },
    notebook: ({ world }) => notebookOf(world),
    load: ({ world }, signal, tally) => steadyCalls(world, signal, tally),
  };
  return {
    course,
    lacks: [...LEFT_OUT, ...(noDisk === null ? [] : [`No power cut and no full disk: ${noDisk}`])],
  };
}

const STEPS: Record<keyof typeof WEIGHTS, Step> = {
  ...COMMON,
  'update or rollback': updateOf('good', true),
  'update: exits at start': updateOf('crashes at start', false),
  'update: crashes once it is ready': updateOf('crashes soon', false),
  scrub: ({ arena }) => command(arena, [0], 'scrub'),
};

function updateOf(family: Family, good: boolean): Step {
  return ({ arena, random }) => made(arena, arena.prepare(family, random), good);
}

function makeRealArena(node: string, hasDisk: boolean, staged: string): Promise<Arena> {
  return withEnd(async (atEnd, clean) => {
    const made: { disk: Arena['disk'] } = { disk: null };
    const diskIn = (path: string) => {
      if (hasDisk) made.disk = mountDisk(path, DISK_MEBIBYTES, atEnd);
      return made.disk?.mountPoint ?? path;
    };
    const env = faultIn(temporaryDirectory('soak', atEnd));
    const world = await openclawWorld(atEnd, { node, diskIn, env });
    const supervised = await startStaged(world, staged);
    const bad = idOf(world, BAD.version) ?? '';
    const base = arenaIn(world, supervised, made.disk, clean);
    const prepare = (family: Family): Attempt => {
      const before = base.running();
      const fault = FAULT_OF[family];
      if (fault) {
        haveFault(world, fault);
        return { family, before, to: bad, args: ['switch', bad, ...LIMITS] };
      }
      if (before === OLD) return { family, before, to: NEW, args: ['switch', NEW, ...LIMITS] };
      return { family, before, to: OLD, args: ['rollback', OLD, '--yes', ...ROLLBACK_LIMITS] };
    };
    const arena: Arena = Object.assign(base, {
      ...{ prepare, limits: ROLLBACK_LIMITS, readyWithinMs: READY_WITHIN_MS },
      ...{ comparesFiles: false, startsOnFullDisk: false },
      drawFamily: (): Family => 'good',
      publishNext: () => null,
    });
    await world.ok('switch', NEW, ...LIMITS);
    arena.proven.add(OLD).add(NEW);
    return arena;
  });
}

/** Pause between calls of a client that is always there. */
const CALL_EVERY_MS = 500;

function clientOf({ port }: BareWorld) {
  return rpcClient(port, { token: TOKEN, scopes: ['operator.admin', 'operator.read', 'operator.write'] });
}

/** Lists sessions until aborted; what a gateway that ends refuses counts as unanswered. */
async function steadyCalls(world: BareWorld, signal: AbortSignal, tally: Tally): Promise<void> {
  while (!signal.aborted) {
    const answer = await clientOf(world)
      .call('sessions.list')
      .catch(() => null);
    const { code, message } = answer?.error ?? {};
    if (answer?.ok) tally.whole++;
    else if (answer === null || code === 'UNAVAILABLE') tally.unanswered++;
    else tally.broken[`${code} ${message}`] = (tally.broken[`${code} ${message}`] ?? 0) + 1;
    await pause(CALL_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

const SESSION = 'agent:main:soak';

/** Prints the words of everything that was said in a database, in their order. */
const SAID = `
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1], { readOnly: true });
const events = database.prepare('SELECT event_json FROM transcript_events ORDER BY created_at, seq').all();
const messages = events.map(({ event_json }) => JSON.parse(event_json).message).filter((message) => message);
console.log(JSON.stringify(messages.flatMap(({ content }) => content.map(({ text }) => text))));
`;

/** Rows as messages of a session, read from the database itself. */
function notebookOf(world: BareWorld): Notebook {
  const { call } = clientOf(world);
  const inject = (row: string) => call('chat.inject', { sessionKey: SESSION, message: row });
  const readIn = async (state: string) => {
    const database = join(state, AGENT_DATABASE);
    // A state from before the first row may have none.
    if (!existsSync(database)) return [];
    const { stdout } = await execa(world.node, ['-e', SAID, database]);
    return JSON.parse(stdout) as string[];
  };
  return {
    everyMs: 1_000,
    readIn,
    read: () => readIn(world.env.OPENCLAW_STATE_DIR ?? ''),
    async write(row) {
      let answer = await inject(row);
      if (!answer.ok && !answer.isRefused) {
        await call('sessions.create', { key: SESSION });
        answer = await inject(row);
      }
      if (!answer.ok) throw new Error(`The gateway did not take it: ${JSON.stringify(answer.error)}`);
    },
  };
}
