import { IDLE_WITHIN_MS } from '../../ledger/plan.js';
import { making, withIdle, withLimits, withPlugins, withStaging } from '../change-options.js';
import { command, registryOption } from '../command.js';

export function updateCommand() {
  const update = command(
    'update',
    'stage, switch, restart, verify; roll back when it fails',
    'openclaw-releases update latest --dry-run',
  )
    .argument('[spec]', 'version, dist-tag or file:archive.tgz', 'latest')
    .addOption(registryOption())
    .option('--dry-run', 'print the plan and change nothing')
    .option('--no-snapshot', 'keep no copy of the state, although going back may then be impossible');
  return withIdle(withLimits(withPlugins(withStaging(update, 'auto'))), IDLE_WITHIN_MS.person).action(
    making('update', IDLE_WITHIN_MS.person, (_, target: string, { snapshot }: { snapshot: boolean }) => ({
      target,
      more: { snapshot },
    })),
  );
}
