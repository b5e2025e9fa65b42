import type { Command } from 'commander';
import { IDLE_WITHIN_MS } from '../../ledger/plan.js';
import { resolveReleaseName } from '../../views/release.js';
import {
  type ChangeOptions,
  type IdleOptions,
  idleOptions,
  type LimitOptions,
  planOptions,
  runChange,
  withIdle,
  withLimits,
  withPlugins,
} from '../change-options.js';
import { command } from '../command.js';

export function switchCommand(): Command {
  const change = command(
    'switch',
    'make a staged release current, restart, verify',
    'openclaw-releases switch 2026.9.2',
  )
    .argument('<release>', 'id of a staged release')
    .option('--no-restart', 'only repoint: takes effect at the next start, and is not verified');
  return withIdle(withLimits(withPlugins(change)), IDLE_WITHIN_MS.person).action(
    (release: string, options: ChangeOptions & LimitOptions & IdleOptions & { restart: boolean }) =>
      runChange(options, async (session) => ({
        kind: 'switch',
        target: resolveReleaseName(session.environment.root, release),
        options: {
          ...planOptions(options),
          ...(await idleOptions(session, options, IDLE_WITHIN_MS.person)),
          restart: options.restart,
        },
      })),
  );
}
