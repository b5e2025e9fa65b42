import { exclusive } from '../../change/exclusive.js';
import { planRemoval, pruneAll } from '../../change/prune-plan.js';
import { command } from '../command.js';
import { pruneText } from './prune.js';

export const removeCommand = () =>
  command('remove', 'remove one release that nothing needs', 'openclaw-releases remove 2026.9.2 --dry-run')
    .argument('<release>', 'id of a release')
    .option('--dry-run', 'print what would be removed and change nothing')
    .acts(async ({ environment }, release: string, { dryRun = false }: { dryRun?: boolean }) => {
      const { root } = environment;
      const remove = () => {
        const decided = planRemoval(root, release);
        pruneAll(root, decided);
        return decided;
      };
      const plan = dryRun
        ? planRemoval(root, release)
        : await exclusive(environment, { doing: `remove ${release}`, recover: true }, remove);
      return { document: { dryRun, ...plan }, text: () => pruneText(root, plan, dryRun) };
    });
