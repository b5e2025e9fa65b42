import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { collectAll, type FullCollection, planFullCollection } from '../../change/collection.js';
import { withLock } from '../../change/switcher.js';
import { KEEP_RELEASES } from '../../store/collect.js';
import type { Root } from '../../store/root.js';
import { type CommonOptions, command, inSession } from '../command.js';
import { mebibytes, table } from '../output.js';

type Options = CommonOptions & { dryRun?: boolean; keep: number };

export function pruneCommand(): Command {
  return command('prune', 'remove releases that nothing needs', 'openclaw-releases prune --dry-run')
    .option('--keep <count>', 'newest releases to keep whatever needs them', parseCount, KEEP_RELEASES)
    .option('--dry-run', 'print what would be removed and change nothing')
    .action((options: Options) =>
      inSession(options, async ({ environment, output }) => {
        const { root } = environment;
        const decide = () => planFullCollection(root, options.keep);
        const dryRun = options.dryRun ?? false;
        const plan = dryRun
          ? decide()
          : await withLock(environment, 'prune', async () => {
              const decided = decide();
              collectAll(root, decided);
              return decided;
            });
        output.answer({ ok: true, dryRun, ...plan }, () => pruneText(root, plan, dryRun));
        return 0;
      }),
    );
}

function parseCount(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}

function pruneText(root: Root, plan: FullCollection, dryRun: boolean): string {
  const verb = dryRun ? 'would remove' : 'removed';
  const rows = [
    ...plan.remove.map(({ id, bytes }) => [verb, id, mebibytes(bytes)]),
    ...plan.removeUnsealed.map((id) => [verb, id, 'not a release: no manifest']),
    ...plan.removeRuntimes.map((name) => [verb, name, 'no release runs on it']),
    ...plan.removeStates.map(({ name, bytes }) => [verb, `states/${name}`, mebibytes(bytes)]),
    ...plan.keep.map(({ id, reason }) => ['kept', id, reason]),
    ...plan.setAside.map(({ name, bytes }) => [
      'kept',
      `states/${name}`,
      `${mebibytes(bytes)}; when you are sure: rm -r ${join(root.states, name)}`,
    ]),
  ];
  return rows.length > 0 ? table(rows) : 'There is nothing here.';
}
