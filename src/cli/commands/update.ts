import type { Command } from 'commander';
import {
  type ChangeOptions,
  type LimitOptions,
  planOptions,
  runChange,
  type StageOptions,
  withLimits,
  withPlugins,
  withStaging,
} from '../change-options.js';
import { command, registryOption } from '../command.js';

type Options = ChangeOptions & StageOptions & LimitOptions & { snapshot: boolean };

export function updateCommand(): Command {
  const update = command(
    'update',
    'stage, switch, restart, verify; go back when it fails',
    'openclaw-releases update latest --dry-run',
  )
    .argument('[spec]', 'version, dist-tag or file:archive.tgz', 'latest')
    .addOption(registryOption())
    .option('--dry-run', 'print the plan and change nothing')
    .option('--no-snapshot', 'keep no copy of the state, although going back may then be impossible');
  return withLimits(withPlugins(withStaging(update, 'auto'))).action((spec: string, options: Options) =>
    runChange(options, () => ({
      kind: 'update',
      target: spec,
      options: { ...planOptions(options), snapshot: options.snapshot },
    })),
  );
}
