import { constants, setPriority } from 'node:os';
import type { Command } from 'commander';
import {
  type ChangeOptions,
  planOptions,
  runChange,
  type StageOptions,
  withStaging,
} from '../change-options.js';
import { command, registryOption } from '../command.js';

export function stageCommand(): Command {
  const stage = command(
    'stage',
    'fetch, install and prove a release beside the others',
    'openclaw-releases stage 2026.9.2',
  )
    .argument('<spec>', 'version, dist-tag or file:archive.tgz')
    .addOption(registryOption());
  return withStaging(stage, 'version').action((spec: string, options: ChangeOptions & StageOptions) => {
    // Applies to all steps, digests too: a gateway may be busy, and nobody waits for this as for a restart.
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    return runChange(options, () => ({ kind: 'stage', target: spec, options: planOptions(options) }));
  });
}
