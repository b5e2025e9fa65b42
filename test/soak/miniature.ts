import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FULL_LANES, faketimePath, whyNot } from '../lanes/lanes.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { aheadBy } from '../support/faketime.js';
import { steadyLoad } from '../support/load.js';
import { type AtEnd, temporaryDirectory } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { type MiniatureArena, makeArena } from '../torture/arena.js';
import { type Family, prepare } from '../torture/attempt.js';
import { DISK_MEBIBYTES } from '../torture/cut.js';
import { pause } from '../torture/moment.js';
import { between, pick, type Random } from '../torture/random.js';
import { miniatureNotebook } from './rows.js';
import type { Course } from './soak.js';
import { COMMON, command, type Ground, made, type Step } from './steps.js';

type OwnStep = Step<MiniatureArena>;
type OwnGround = Ground<MiniatureArena>;

/** Distance of the clock of all programs from the real one; null without libfaketime. */
interface Clock {
  file: string | null;
  aheadS: number;
}

/** Version of the databases that releases published now bring. */
interface Schema {
  version: number;
}

const LIMITS = ['--settle', '0.3', '--ready-timeout', String(3 * slowness)];

/** Kinds of steps, and how often each comes. */
const WEIGHTS = {
  'update: good': 13,
  'update: slow': 3,
  'update: migrates': 5,
  'update: crashes at start': 3,
  'update: crashes soon': 3,
  'update: ends with 78': 2,
  'update: never ready': 3,
  'update: another version': 2,
  'update: fails the probe': 2,
  'update: crashes while it migrates': 4,
  rollback: 6,
  'rollback after a drill': 4,
  switch: 5,
  'command or gateway killed': 12,
  'gateway killed at rest': 3,
  'supervisor killed at rest': 1,
  'supervisor killed in a change': 1,
  'power cut': 2,
  'full disk': 4,
  'clock jumps': 4,
  'clock jumps in a change': 3,
  drill: 4,
  verify: 2,
  prune: 3,
  recover: 3,
  looks: 3,
};

/** A course of miniature releases with all that this host can do to a gateway, and a sentence for each thing that it cannot. */
export async function miniatureCourse(
  atEnd: AtEnd,
): Promise<{ course: Course<MiniatureArena>; lacks: string[] }> {
  const torture = FULL_LANES.find(({ name }) => name === 'torture');
  const noDisk = torture ? whyNot(torture) : null;
  const clockFile = faketimePath() ? join(temporaryDirectory('soak', atEnd), 'clock') : null;
  if (clockFile) writeFileSync(clockFile, '+0');
  // Databases alone: what the miniature appends to files is not flushed, and a power cut may tear it.
  const schema = { version: 1 };
  const arena = {
    node: await sqliteNode(),
    ...(noDisk === null && { disk: DISK_MEBIBYTES }),
    ...(clockFile && { env: aheadBy(clockFile) }),
    behaviour: () => databases(schema.version),
  };
  const lacks = [
    ...(noDisk === null ? [] : [`No power cut and no full disk: ${noDisk}`]),
    ...(clockFile ? [] : ['No clock jumps. Debian: apt-get install faketime']),
  ];
  const course: Course<MiniatureArena> = {
    weights: WEIGHTS,
    steps: stepsOf({ file: clockFile, aheadS: 0 }, schema),
    makeArena: async () => Object.assign(await makeArena(arena), { limits: LIMITS }),
    notebook: ({ world }) => miniatureNotebook(world),
    load: ({ world }, signal, tally) => steadyLoad(world.url, signal, tally),
  };
  return { course, lacks };
}

function stepsOf(clock: Clock, schema: Schema): Record<keyof typeof WEIGHTS, OwnStep> {
  return {
    ...COMMON,
    'update: good': updateOf('good', true),
    'update: slow': updateOf('slow', true),
    'update: migrates': (ground) => migrates(ground, schema),
    'update: crashes at start': updateOf('crashes at start', false),
    'update: crashes soon': updateOf('crashes soon', false),
    'update: ends with 78': updateOf('ends with 78', false),
    'update: never ready': updateOf('never ready', false),
    'update: another version': updateOf('another version', false),
    'update: fails the probe': updateOf('fails the probe', false),
    'update: crashes while it migrates': ({ arena }) =>
      update(arena, { ...databases(schema.version + 1), crashMidMigration: true }, false),
    'clock jumps': async ({ random }) => jump(clock, random),
    'clock jumps in a change': (ground) => clockJumpsInChange(ground, clock),
    prune: ({ arena, random }) => command(arena, [0], 'prune', '--keep', String(pick(random, [1, 2, 4]))),
  };
}

function updateOf(family: Family, good: boolean): OwnStep {
  return ({ arena, random }) => updated(arena, prepare(arena, family, random).to, good);
}

function databases(version: number): Behaviour {
  const versions = { state: version, agent: version };
  return { migratesTo: versions, schemaVersions: versions };
}

async function migrates({ arena }: OwnGround, schema: Schema): Promise<string> {
  const outcome = await update(arena, databases(schema.version + 1), true);
  // The next releases know the databases that this one left.
  schema.version++;
  return outcome;
}

function update(arena: MiniatureArena, behaviour: Behaviour, good: boolean): Promise<string> {
  const version = arena.nextVersion();
  arena.world.publish(version, behaviour);
  return updated(arena, version, good);
}

/** Updates to a published version. */
function updated(arena: MiniatureArena, to: string, good: boolean): Promise<string> {
  return made(arena, { before: arena.running(), to, args: ['update', to, ...LIMITS] }, good);
}

/** Leaps of a clock that is set by hand, or by a network that came back; in seconds. */
const LEAPS = [-5 * 3600, -1800, -2, 3600, 26 * 3600, 8 * 86_400];

function jump(clock: Clock, random: Random): string {
  const leap = pick(random, LEAPS);
  if (clock.file === null) return 'no libfaketime';
  clock.aheadS += leap;
  writeFileSync(clock.file, `${clock.aheadS < 0 ? '' : '+'}${clock.aheadS}`);
  return leap < 0 ? 'back' : 'ahead';
}

async function clockJumpsInChange({ arena, random }: OwnGround, clock: Clock): Promise<string> {
  const change = updated(arena, arena.publishNext(), true);
  await pause(between(random, 0, 3_000 * slowness));
  const leapt = jump(clock, random);
  return `${leapt}, ${await change}`;
}
