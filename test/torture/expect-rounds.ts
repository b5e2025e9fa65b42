import { tally } from './outcome.js';
import { anySeed } from './random.js';
import { describeFailure, type Kind, type Result, type RoundsOptions, runRounds } from './rounds.js';

/** The seed of the whole run, for a test that failed: `OPENCLAW_RELEASES_TORTURE_SEED` repeats it. */
export function testSeed(): number {
  return Number(process.env.OPENCLAW_RELEASES_TORTURE_SEED ?? anySeed());
}

/** Runs rounds and fails the test when one breaks an invariant, with the seed in the message. */
export async function expectRounds(
  kind: Kind,
  rounds: number,
  options: Partial<RoundsOptions> = {},
): Promise<Result> {
  const result = await runRounds(kind, { seed: testSeed(), rounds, jobs: 3, ...options });
  console.info(tally(result.outcomes));
  if (result.failures.length > 0) throw new Error(result.failures.map(describeFailure).join('\n\n'));
  return result;
}
