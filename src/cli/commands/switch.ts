import { IDLE_WITHIN_MS } from '../../ledger/plan.js';
import { resolveReleaseName } from '../../views/release.js';
import { making, withIdle, withLimits, withPlugins, withYanked } from '../change-options.js';
import { command } from '../command.js';

export function switchCommand() {
  const change = command(
    'switch',
    'make a staged release current, restart, verify',
    'openclaw-releases switch 2026.9.2',
  )
    .argument('<release>', 'id of a staged release')
    .option('--no-restart', 'only repoint: takes effect at the next start, and is not verified');
  return withIdle(withLimits(withPlugins(withYanked(change))), IDLE_WITHIN_MS.person).action(
    making(
      'switch',
      IDLE_WITHIN_MS.person,
      ({ environment }, release: string, options: { restart: boolean }) => ({
        target: resolveReleaseName(environment.root, release),
        more: { restart: options.restart },
      }),
    ),
  );
}
