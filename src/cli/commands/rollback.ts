import type { Command } from 'commander';
import { rollbackTarget } from '../../change/proven.js';
import { nameRelease } from '../../change/releases.js';
import {
  type ChangeOptions,
  type LimitOptions,
  planOptions,
  runChange,
  withLimits,
} from '../change-options.js';
import { command } from '../command.js';

export function rollbackCommand(): Command {
  const rollback = command(
    'rollback',
    'return to the release from before, restart, verify',
    'openclaw-releases rollback',
  )
    .argument(
      '[release]',
      'id of a staged release; without one, the last that was well here: `previous`, unless it failed',
    )
    .option('--dry-run', 'print the plan and change nothing');
  return withLimits(rollback).action((release: string | undefined, options: ChangeOptions & LimitOptions) =>
    runChange(options, ({ environment }) => ({
      kind: 'rollback',
      target:
        release === undefined ? rollbackTarget(environment.root) : nameRelease(environment.root, release),
      options: planOptions(options),
    })),
  );
}
