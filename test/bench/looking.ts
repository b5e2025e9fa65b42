import { execFileSync, spawnSync } from 'node:child_process';
import { inTurn, quartile, type Report, spread, type Target } from './section.js';

export const BARE = 'node -e 0';

/** They take a tenth of a second. */
const LEAST_ROUNDS = 20;

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

interface Sample extends Cost {
  node: string;
  name: string;
}

export const versionOf = (node: string) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();

// A pipe takes the output, as when a script reads it.
export const TIMED = 'TIMEFORMAT="%R %U %S"; time';

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

export function costOf(said: string): Cost {
  const [wall = 0, user = 0, system = 0] = said.trim().split(' ').map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

/** @param promises of each Node, given the ratio of two arms' processor time */
export async function compareLooks(
  arms: Arm[],
  { rounds, say }: { rounds: number; say(line: string): void },
  promises: (ratio: (name: string, to: string) => number, node: string) => Target[],
): Promise<Pick<Report, 'tables' | 'targets' | 'samples'>> {
  const samples: Sample[] = [];
  const count = Math.max(rounds, LEAST_ROUNDS);
  for (let round = 0; round < count; round++) {
    for (const { node, name, time } of inTurn(arms, round)) samples.push({ node, name, ...(await time()) });
    if (round % 5 === 4) say(`${round + 1} of ${count} rounds`);
  }
  const of = (node: string, name: string, key: keyof Cost) =>
    samples.filter((one) => one.node === node && one.name === name).map((one) => one[key]);
  // The quartile, because other work on the machine only ever adds.
  const ratio = (node: string, name: string, to: string, key: keyof Cost = 'cpu') =>
    quartile(of(node, name, key)) / quartile(of(node, to, key));
  const rows = arms.map(({ node, name }) => [
    node,
    name,
    ...(['cpu', 'wall'] as const).flatMap((key) => [
      quartile(of(node, name, key)).toFixed(0),
      spread(of(node, name, key)),
      `${ratio(node, name, BARE, key).toFixed(2)}x`,
    ]),
  ]);
  const bare = `of ${BARE}`;
  return {
    tables: [{ columns: ['Node', '', 'processor', 'median', bare, 'wall clock', 'median', bare], rows }],
    targets: [...new Set(arms.map(({ node }) => node))].flatMap((node) =>
      promises((name, to) => ratio(node, name, to), node),
    ),
    samples,
  };
}
