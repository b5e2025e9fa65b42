import type { Command } from 'commander';
import { nameRelease } from '../../change/releases.js';
import {
  type ChangeOptions,
  type LimitOptions,
  planOptions,
  runChange,
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
  return withLimits(withPlugins(change)).action(
    (release: string, options: ChangeOptions & LimitOptions & { restart: boolean }) =>
      runChange(options, ({ environment }) => ({
        kind: 'switch',
        target: nameRelease(environment.root, release),
        options: { ...planOptions(options), restart: options.restart },
      })),
  );
}
