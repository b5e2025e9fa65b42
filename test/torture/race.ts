import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bootId } from '../../src/host/process.js';
import { listChanges } from '../../src/ledger/ledger.js';
import { currentRelease } from '../../src/store/links.js';
import { listReleases } from '../../src/store/manifest.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { until } from '../support/place.js';
import type { Answer, World } from '../support/world.js';
import { Broken } from './outcome.js';
import { pick, type Random } from './random.js';

/** Commands that want the lock at once. */
export const CALLS = 8;

/** State that all of them find when they come for the lock. */
export const OBSTACLES = ['nothing', 'a dead lock', 'a dead lock, and who died at breaking it'] as const;
export type Obstacle = (typeof OBSTACLES)[number];

/** Time in which everybody has come before the winner is through, on a machine with more to do. */
const LIMITS = ['--settle', '0.5', '--ready-timeout', '10'];

interface Call {
  args: string[];
  pid: number;
  stamp: string;
  ended: Promise<Answer>;
}

/**
 * Eight commands that change the release come for the lock at the same moment: one wins, the others are refused by
 * the winner's name.
 * @param world with a gateway that runs, a current and a previous release
 * @param n the number of the round in this world; names the release that it publishes
 * @returns the command that won
 * @throws Broken which invariants do not hold, as sentences
 */
export async function raceRound(
  world: World,
  random: Random,
  n: number,
  obstacle: Obstacle = pick(random, OBSTACLES),
): Promise<string> {
  const root = rootAt(world.root);
  const known = new Set(listChanges(root).map(({ id }) => id));
  await put(obstacle, world, n);
  const calls = commands(world, root, random, n).map((args, index): Call => {
    const stamp = join(world.path, `race-${n}-${index}`);
    const fault = { OPENCLAW_RELEASES_FAULT: 'hang before lock', OPENCLAW_RELEASES_FAULT_STAMP: stamp };
    return { args, stamp, ...world.begin([...args, ...LIMITS], fault) };
  });
  await until(
    'all of them have come for the lock',
    () => calls.every(({ stamp }) => existsSync(stamp)),
    60_000,
  );
  for (const { stamp } of shuffled(random, calls)) rmSync(stamp);
  const answers = await Promise.all(calls.map(({ ended }) => ended));
  const broken = await whatBroke(world, root, known, calls, answers);
  if (broken.length > 0) throw new Broken([`${CALLS} at once, with ${obstacle} in the way:`, ...broken]);
  return calls[answers.findIndex(won)]?.args.join(' ') ?? '';
}

/** At least one of each kind, the rest drawn. */
function commands(world: World, root: Root, random: Random, n: number): string[][] {
  const version = `2026.8.${n}`;
  world.publish(version);
  const current = currentRelease(root);
  const others = listReleases(root)
    .releases.map(({ id }) => id)
    .filter((id) => id !== current);
  const kinds = [() => ['update', version], () => ['rollback'], () => ['switch', pick(random, others)]];
  const drawn = Array.from({ length: CALLS - kinds.length }, () => pick(random, kinds));
  return shuffled(random, [...kinds, ...drawn]).map((command) => command());
}

async function put(obstacle: Obstacle, world: World, n: number): Promise<void> {
  if (obstacle === 'nothing') return;
  // This process began at another time, so nobody ever had that name.
  symlinkSync(`${process.pid}.${n}.${bootId()}`, join(world.root, 'lock'));
  if (obstacle === 'a dead lock') return;
  await world.begin(['recover'], { OPENCLAW_RELEASES_FAULT: 'kill before break lock' }).ended;
}

const won = ({ exitCode }: Answer) => exitCode === 0;

async function whatBroke(
  world: World,
  root: Root,
  known: ReadonlySet<string>,
  calls: readonly Call[],
  answers: readonly Answer[],
): Promise<string[]> {
  const broken: string[] = [];
  const all = () =>
    answers
      .map(
        ({ exitCode, json }, at) =>
          `${calls[at]?.args.join(' ')} (process ${calls[at]?.pid}): ${exitCode}, ${json?.status ?? json?.error?.message}`,
      )
      .join('\n');
  const winners = calls.filter((_, at) => won(answers[at] as Answer));
  const [winner] = winners;
  if (!winner || winners.length > 1) return [`${winners.length} of them won:\n${all()}`];
  for (const [at, { exitCode, json, stderr }] of answers.entries()) {
    const name = calls[at]?.args.join(' ');
    if (calls[at] === winner) continue;
    if (exitCode !== 3 || json?.error?.code !== 'locked')
      broken.push(`${name} ended with ${exitCode}, not refused as locked: ${json?.error?.message ?? stderr}`);
    else if (!json.error.message.includes(` process ${winner.pid} `))
      broken.push(`${name} was refused without the name of process ${winner.pid}: ${json.error.message}`);
  }
  const changes = listChanges(root).filter(({ id }) => !known.has(id));
  const [change] = changes;
  if (!change || changes.length > 1) return [...broken, `The ledger has ${changes.length} changes more.`];
  const { current, trial, running, interrupted, lock, gateway } = await world.ok('status');
  const { to } = change.facts;
  if (change.owner.pid !== winner.pid)
    broken.push(`The change is one of process ${change.owner.pid}, not of ${winner.pid}.`);
  if (change.status !== 'package_updated_restart_verified') broken.push(`Its verdict is ${change.status}.`);
  if (current !== to || gateway?.release !== to || !gateway.health.ready)
    broken.push(`It was verified, but current is ${current}, and ${gateway?.release} runs, not ${to}.`);
  if (trial || running || lock || interrupted.length > 0)
    broken.push(`Something is left: ${JSON.stringify({ trial, running, lock, interrupted })}`);
  for (const name of readdirSync(root.path))
    if (/^(lock(?!files$)|trial)/.test(name)) broken.push(`${name} is left in the root.`);
  for (const name of readdirSync(root.staging)) broken.push(`staging/${name} is left.`);
  return broken;
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
