import { constants, setPriority } from 'node:os';
import { making, withStaging } from '../change-options.js';
import { command, registryOption } from '../command.js';

export const stageCommand = () =>
  withStaging(
    command(
      'stage',
      'fetch, install and prove a release beside the others',
      'openclaw-releases stage 2026.9.2',
    )
      .argument('<spec>', 'version, dist-tag or file:archive.tgz')
      .addOption(registryOption()),
    'version',
  ).action(
    making('stage', undefined, (_, spec: string) => {
      // Applies to all steps, digests too: a gateway may be busy, and nobody waits for this as for a restart.
      setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
      return { target: spec };
    }),
  );
