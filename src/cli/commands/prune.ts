import { join } from 'node:path';
import { exclusive } from '../../change/exclusive.js';
import { type FullCollection, planFullCollection, pruneAll } from '../../change/prune-plan.js';
import { size } from '../../core/size.js';
import type { Root } from '../../store/root.js';
import { command } from '../command.js';
import { parseBytes, parseCount } from '../parse.js';
import { table } from '../table.js';

type Options = { dryRun?: boolean; keep?: number; maxBytes?: number };

export const pruneCommand = () =>
  command('prune', 'remove releases that nothing needs', 'openclaw-releases prune --dry-run')
    .option('--keep <count>', 'newest releases to keep, whether anything needs them or not', parseCount)
    .option('--max-bytes <amount>', 'the most that releases and copies of the state may take', parseBytes)
    .option('--dry-run', 'print what would be removed and change nothing')
    .acts(async ({ environment }, { keep, maxBytes, dryRun = false }: Options) => {
      const { root } = environment;
      const asked = {
        ...(keep !== undefined && { releases: keep }),
        ...(maxBytes !== undefined && { bytes: maxBytes }),
      };
      const decide = () => planFullCollection(root, asked);
      const prune = () => {
        const decided = decide();
        pruneAll(root, decided);
        return decided;
      };
      const plan = dryRun ? decide() : await exclusive(environment, { doing: 'prune', recover: true }, prune);
      return { document: { dryRun, ...plan }, text: () => pruneText(root, plan, dryRun) };
    });

export function pruneText(root: Root, plan: FullCollection, dryRun: boolean): string {
  const verb = dryRun ? 'would remove' : 'removed';
  const rows = [
    ...plan.remove.map(({ id, bytes, shares }) => [
      verb,
      id,
      shares ? `${size(bytes)}, but for blocks that releases share` : size(bytes),
    ]),
    ...plan.removeUnsealed.map((id) => [verb, id, 'not a release: no manifest']),
    ...plan.removeRuntimes.map((name) => [verb, name, 'no release runs on it']),
    ...plan.removeStates.map(({ name, bytes }) => [verb, `states/${name}`, size(bytes)]),
    ...plan.keep.map(({ id, reason }) => ['kept', id, reason]),
    ...plan.displaced.map(({ name, bytes }) => [
      'kept',
      `states/${name}`,
      `${size(bytes)}; when you are sure: rm -r ${join(root.states, name)}`,
    ]),
  ];
  if (rows.length === 0) return 'There is nothing here.';
  return [table(rows), ...plan.warnings.map((warning) => `warning: ${warning}`)].join('\n');
}
