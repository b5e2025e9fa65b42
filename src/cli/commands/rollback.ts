import { IDLE_WITHIN_MS, type StateChoice } from '../../ledger/plan.js';
import { rollbackTarget } from '../../rollback/known-good.js';
import { lossText, pairFor } from '../../rollback/plan.js';
import { resolveReleaseName } from '../../views/release.js';
import { type ChangeOptions, making, withIdle, withLimits } from '../change-options.js';
import { command } from '../command.js';
import { confirmed } from '../confirm.js';
import type { Session } from '../session.js';

type Options = ChangeOptions & { yes?: boolean; keepState?: boolean };

const RELEASE =
  'id of a staged release; without one, the last that was well here: `previous`, unless it failed';

export function rollbackCommand() {
  const rollback = command('rollback', 'return to the release from before, restart, verify')
    .argument('[release]', RELEASE)
    .option('--dry-run', 'print the plan and change nothing')
    .option('--yes', 'put the state back as well, where the release cannot read what is there now')
    .option('--keep-state', 'roll back the code alone, also where the state is incompatible');
  return withIdle(withLimits(rollback), IDLE_WITHIN_MS.rollback).action(
    making(
      'rollback',
      IDLE_WITHIN_MS.rollback,
      async (session, release: string | undefined, options: Options) => {
        const { root } = session.environment;
        const target = release === undefined ? rollbackTarget(root) : resolveReleaseName(root, release);
        return { target, more: { state: await chooseState(session, options, target) } };
      },
    ),
  );
}

/** Asks at a terminal when no option decides. For `ask`, the change itself refuses a loss and names the options. */
async function chooseState(session: Session, options: Options, to: string): Promise<StateChoice> {
  if (options.keepState) return 'keep';
  if (options.yes) return 'restore';
  if (options.dryRun) return 'ask';
  const pair = await pairFor(session.environment, to);
  if (pair.kind !== 'state') return 'ask';
  return (await confirmed(session, options, lossText(to, pair), 'Roll back to it?')) ? 'restore' : 'ask';
}
