import type { Command } from 'commander';
import { IDLE_WITHIN_MS } from '../../ledger/plan.js';
import {
  type ChangeOptions,
  type IdleOptions,
  idleOptions,
  type LimitOptions,
  planOptions,
  runChange,
  type StageOptions,
  withIdle,
  withLimits,
  withPlugins,
  withStaging,
} from '../change-options.js';
import { command, registryOption } from '../command.js';

type Options = ChangeOptions & StageOptions & LimitOptions & IdleOptions & { snapshot: boolean };

export function updateCommand(): Command {
  const update = command(
    'update',
    'stage, switch, restart, verify; roll back when it fails',
    'openclaw-releases update latest --dry-run',
  )
    .argument('[spec]', 'version, dist-tag or file:archive.tgz', 'latest')
    .addOption(registryOption())
    .option('--dry-run', 'print the plan and change nothing')
    .option('--no-snapshot', 'keep no copy of the state, although going back may then be impossible');
  withIdle(withLimits(withPlugins(withStaging(update, 'auto'))), IDLE_WITHIN_MS.person);
  return update.action((spec: string, options: Options) =>
    runChange(options, async (session) => ({
      kind: 'update',
      target: spec,
      options: {
        ...planOptions(options),
        ...(await idleOptions(session, options, IDLE_WITHIN_MS.person)),
        snapshot: options.snapshot,
      },
    })),
  );
}
