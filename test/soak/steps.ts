import { currentRelease, previousRelease } from '../../src/store/links.js';
import { listReleases } from '../../src/store/manifest.js';
import type { Arena } from '../torture/arena.js';
import type { Attempt } from '../torture/attempt.js';
import { cutRound } from '../torture/cut.js';
import type { Cycles } from '../torture/cycles.js';
import { fullRound } from '../torture/full.js';
import { killRound } from '../torture/kill.js';
import { pause } from '../torture/moment.js';
import { Broken } from '../torture/outcome.js';
import { sendKill } from '../torture/processes.js';
import { between, pick, type Random } from '../torture/random.js';

/** The ground of one step. */
export interface Ground<A extends Arena = Arena> {
  arena: A;
  cycles: Cycles;
  random: Random;
  /** For a round of the torture. */
  seed: number;
}

/** Carries a step out; answers its outcome in a word or two. */
export type Step<A extends Arena = Arena> = (ground: Ground<A>) => Promise<string>;

const VERIFIED = 'package_updated_restart_verified';

/** Steps that every kind of gateway can take. */
export const COMMON = {
  rollback: ({ arena }) => rollback(arena),
  'rollback after a drill': rollbackAfterDrill,
  switch: switchTo,
  'command or gateway killed': async ({ arena, cycles, seed }) => (await killRound(arena, cycles, seed)).how,
  'gateway killed at rest': gatewayKilled,
  'supervisor killed at rest': ({ arena }) => supervisorKilled(arena),
  'supervisor killed in a change': supervisorKilledInChange,
  'power cut': async ({ arena, cycles, seed }) => (await cutRound(arena, cycles, seed)).how,
  'full disk': async ({ arena, cycles, seed }) => (await fullRound(arena, cycles, seed)).how,
  drill: ({ arena }) => drill(arena),
  verify: ({ arena, random }) => command(arena, [0], 'verify', pick(random, releasesOf(arena))),
  recover: ({ arena }) => command(arena, [0], 'recover'),
  async looks({ arena }) {
    for (const name of ['list', 'history', 'report', 'doctor']) await command(arena, [0], name);
    return 'answered';
  },
} satisfies Record<string, Step>;

/** Steps that need a disk of their own. */
export const ON_A_DISK = ['power cut', 'full disk'];

/** Makes a change, which ends as its release deserves. */
export async function made(
  arena: Arena,
  { before, to, args }: Omit<Attempt, 'family'>,
  good: boolean,
): Promise<string> {
  const { json, stdout } = await arena.command(...args);
  if ((json?.status === VERIFIED) !== good) throw new Broken([`The change to ${to} ended so: ${stdout}`]);
  if (good) arena.proven.add(to);
  const current = currentRelease(arena.root);
  if (current !== (good ? to : before)) throw new Broken([`After it, current is ${current}.`]);
  return json.status;
}

async function rollback(arena: Arena): Promise<string> {
  if (previousRelease(arena.root) === null) return command(arena, [3], 'rollback');
  const { exitCode, json, stdout } = await arena.command('rollback', '--yes', ...arena.limits);
  if (exitCode !== 0 && exitCode !== 3) throw new Broken([`The rollback ended with ${exitCode}: ${stdout}`]);
  return json?.status ?? json?.error?.code;
}

async function rollbackAfterDrill(ground: Ground): Promise<string> {
  const { arena } = ground;
  const outcome = await drill(arena);
  if (outcome !== 'drill_passed') return outcome;
  const { exitCode, stdout } = await arena.command('rollback', '--yes', ...arena.limits);
  if (exitCode !== 0) throw new Broken([`Proven by a drill, the rollback ended with ${exitCode}: ${stdout}`]);
  return 'passed, rolled back';
}

export async function drill(arena: Arena): Promise<string> {
  const { json, exitCode, stdout } = await arena.command('drill');
  if (![0, 3, 4, 7].includes(exitCode)) throw new Broken([`The drill ended with ${exitCode}: ${stdout}`]);
  return json?.error?.code ?? json?.status;
}

async function switchTo({ arena, random }: Ground): Promise<string> {
  const others = releasesOf(arena).filter((id) => id !== arena.running());
  if (others.length === 0) return 'no other release';
  const target = pick(random, others);
  const { exitCode, json, stdout } = await arena.command('switch', target, ...arena.limits);
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
async function supervisorKilledInChange({ arena, cycles, random }: Ground): Promise<string> {
  const { ms } = await cycles.of(arena, 'good');
  const { to, args } = arena.prepare('good', random);
  const { ended } = arena.world.begin(args);
  await pause(between(random, 0, ms));
  arena.supervised.kill('SIGKILL');
  await arena.supervised.ended;
  const { json, stdout } = await ended;
  arena.journal.push(stdout);
  arena.supervised = await arena.world.supervise();
  await command(arena, [0], 'recover');
  if (currentRelease(arena.root) === to) arena.proven.add(to);
  return json?.status ?? json?.error?.code ?? 'no answer';
}

export async function command(arena: Arena, codes: number[], ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr, json } = await arena.command(...args);
  if (!codes.includes(exitCode))
    throw new Broken([`"${args.join(' ')}" ended with ${exitCode}: ${stdout} ${stderr}`]);
  return json?.error?.code ?? 'done';
}

const releasesOf = ({ root }: Arena) => listReleases(root).releases.map(({ id }) => id);
