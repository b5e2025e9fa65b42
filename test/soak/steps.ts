import { writeFileSync } from 'node:fs';
import { currentRelease, previousRelease } from '../../src/store/links.js';
import { listReleases } from '../../src/store/manifest.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { slowness } from '../support/slowness.js';
import type { Arena } from '../torture/arena.js';
import { type Family, prepare } from '../torture/attempt.js';
import { cutRound } from '../torture/cut.js';
import type { Cycles } from '../torture/cycles.js';
import { fullRound } from '../torture/full.js';
import { killRound } from '../torture/kill.js';
import { pause } from '../torture/moment.js';
import { Broken } from '../torture/outcome.js';
import { sendKill } from '../torture/processes.js';
import { between, pick, type Random } from '../torture/random.js';

/** The ground of one step. */
export interface Ground {
  arena: Arena;
  cycles: Cycles;
  random: Random;
  /** For a round of the torture. */
  seed: number;
  clock: Clock;
  schema: Schema;
}

/** Distance of the clock of all programs from the real one; null without libfaketime. */
export interface Clock {
  file: string | null;
  aheadS: number;
}

/** Version of the databases that releases published now bring. */
export interface Schema {
  version: number;
}

/** Carries a step out; answers its outcome in a word or two. */
type Step = (ground: Ground) => Promise<string>;

const LIMITS = ['--settle', '0.3', '--ready-timeout', String(3 * slowness)];
const VERIFIED = 'package_updated_restart_verified';

/** Kinds of steps, and how often each comes. */
export const WEIGHTS = {
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
export type StepKind = keyof typeof WEIGHTS;

/** Steps that need a disk of their own. */
export const ON_A_DISK: StepKind[] = ['power cut', 'full disk'];

export const STEPS: Record<StepKind, Step> = {
  'update: good': updateOf('good', true),
  'update: slow': updateOf('slow', true),
  'update: migrates': migrates,
  'update: crashes at start': updateOf('crashes at start', false),
  'update: crashes soon': updateOf('crashes soon', false),
  'update: ends with 78': updateOf('ends with 78', false),
  'update: never ready': updateOf('never ready', false),
  'update: another version': updateOf('another version', false),
  'update: fails the probe': updateOf('fails the probe', false),
  'update: crashes while it migrates': ({ arena, schema }) =>
    update(arena, { ...databases(schema.version + 1), crashMidMigration: true }, false),
  rollback: ({ arena }) => rollback(arena),
  'rollback after a drill': rollbackAfterDrill,
  switch: switchTo,
  'command or gateway killed': async ({ arena, cycles, seed }) => (await killRound(arena, cycles, seed)).how,
  'gateway killed at rest': gatewayKilled,
  'supervisor killed at rest': ({ arena }) => supervisorKilled(arena),
  'supervisor killed in a change': supervisorKilledInChange,
  'power cut': async ({ arena, cycles, seed }) => (await cutRound(arena, cycles, seed)).how,
  'full disk': async ({ arena, cycles, seed }) => (await fullRound(arena, cycles, seed)).how,
  'clock jumps': async ({ clock, random }) => jump(clock, random),
  'clock jumps in a change': clockJumpsInChange,
  drill: ({ arena }) => drill(arena),
  verify: ({ arena, random }) => command(arena, [0], 'verify', pick(random, releasesOf(arena))),
  prune: ({ arena, random }) => command(arena, [0], 'prune', '--keep', String(pick(random, [1, 2, 4]))),
  recover: ({ arena }) => command(arena, [0], 'recover'),
  looks: async ({ arena }) => {
    for (const name of ['list', 'history', 'report', 'doctor']) await command(arena, [0], name);
    return 'answered';
  },
};

function updateOf(family: Family, good: boolean): Step {
  return ({ arena, random }) => made(arena, prepare(arena, family, random).to, good);
}

export function databases(version: number): Behaviour {
  const versions = { state: version, agent: version };
  return { migratesTo: versions, schemaVersions: versions };
}

async function migrates({ arena, schema }: Ground): Promise<string> {
  const outcome = await update(arena, databases(schema.version + 1), true);
  // The next releases know the databases that this one left.
  schema.version++;
  return outcome;
}

async function update(arena: Arena, behaviour: Behaviour, good: boolean): Promise<string> {
  const version = arena.nextVersion();
  arena.world.publish(version, behaviour);
  return made(arena, version, good);
}

/** Updates to a published version, which ends as the release deserves. */
async function made(arena: Arena, version: string, good: boolean): Promise<string> {
  const before = arena.running();
  const { json, stdout } = await arena.command('update', version, ...LIMITS);
  if ((json?.status === VERIFIED) !== good)
    throw new Broken([`The update to ${version} ended so: ${stdout}`]);
  if (good) arena.proven.add(version);
  const current = currentRelease(arena.root);
  if (current !== (good ? version : before)) throw new Broken([`After it, current is ${current}.`]);
  return json.status;
}

async function rollback(arena: Arena): Promise<string> {
  if (previousRelease(arena.root) === null) return command(arena, [3], 'rollback');
  const { exitCode, json, stdout } = await arena.command('rollback', '--yes', ...LIMITS);
  if (exitCode !== 0 && exitCode !== 3) throw new Broken([`The rollback ended with ${exitCode}: ${stdout}`]);
  return json?.status ?? json?.error?.code;
}

async function rollbackAfterDrill(ground: Ground): Promise<string> {
  const { arena } = ground;
  const outcome = await drill(arena);
  if (outcome !== 'drill_passed') return outcome;
  const { exitCode, stdout } = await arena.command('rollback', '--yes', ...LIMITS);
  if (exitCode !== 0) throw new Broken([`Proven by a drill, the rollback ended with ${exitCode}: ${stdout}`]);
  return 'passed, rolled back';
}

async function drill(arena: Arena): Promise<string> {
  const { json, exitCode, stdout } = await arena.command('drill');
  if (![0, 3, 4, 7].includes(exitCode)) throw new Broken([`The drill ended with ${exitCode}: ${stdout}`]);
  return json?.error?.code ?? json?.status;
}

async function switchTo({ arena, random }: Ground): Promise<string> {
  const others = releasesOf(arena).filter((id) => id !== arena.running());
  if (others.length === 0) return 'no other release';
  const target = pick(random, others);
  const { exitCode, json, stdout } = await arena.command('switch', target, ...LIMITS);
  if (![0, 3, 5].includes(exitCode)) throw new Broken([`The switch ended with ${exitCode}: ${stdout}`]);
  if (exitCode === 5 && arena.proven.has(target))
    throw new Broken([`A good release is rolled back: ${stdout}`]);
  if (exitCode === 0) arena.proven.add(target);
  return json?.error?.code ?? json?.status;
}

async function gatewayKilled({ arena }: Ground): Promise<string> {
  sendKill((await arena.supervisor.inspect()).pid);
  return 'killed';
}

async function supervisorKilled(arena: Arena): Promise<string> {
  arena.supervised.kill('SIGKILL');
  await arena.supervised.ended;
  arena.supervised = await arena.world.supervise();
  return 'killed';
}

/** No supervisor answers then: the change cannot end well, and the next supervisor and `recover` see to it. */
async function supervisorKilledInChange({ arena, random }: Ground): Promise<string> {
  const version = arena.nextVersion();
  arena.world.publish(version);
  const { ended } = arena.world.begin(['update', version, ...LIMITS]);
  await pause(between(random, 0, 4_000 * slowness));
  arena.supervised.kill('SIGKILL');
  await arena.supervised.ended;
  const { json, stdout } = await ended;
  arena.journal.push(stdout);
  arena.supervised = await arena.world.supervise();
  await command(arena, [0], 'recover');
  if (currentRelease(arena.root) === version) arena.proven.add(version);
  return json?.status ?? json?.error?.code ?? 'no answer';
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

async function clockJumpsInChange({ arena, clock, random }: Ground): Promise<string> {
  const version = arena.nextVersion();
  arena.world.publish(version);
  const change = made(arena, version, true);
  await pause(between(random, 0, 3_000 * slowness));
  const leapt = jump(clock, random);
  return `${leapt}, ${await change}`;
}

async function command(arena: Arena, codes: number[], ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr, json } = await arena.command(...args);
  if (!codes.includes(exitCode))
    throw new Broken([`"${args.join(' ')}" ended with ${exitCode}: ${stdout} ${stderr}`]);
  return json?.error?.code ?? 'done';
}

const releasesOf = ({ root }: Arena) => listReleases(root).releases.map(({ id }) => id);
