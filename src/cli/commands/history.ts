import type { Command } from 'commander';
import { isActive, listChanges } from '../../ledger/ledger.js';
import { corruptFiles } from '../../views/releases.js';
import { command } from '../command.js';
import { seconds, table } from '../output.js';
import { changeDocument, corruptLines } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';

export function historyCommand(): Command {
  return command(
    'history',
    'show the changes made here and how each ended',
    'openclaw-releases history',
  ).action((options: CommonOptions) =>
    inSession(options, async ({ environment, output }) => {
      const changes = listChanges(environment.root);
      const corrupt = corruptFiles(environment.root);
      output.answer({ ok: true, changes: changes.map(changeDocument), corrupt }, () => {
        const named = corruptLines(corrupt);
        if (changes.length === 0) return ['No change was made here yet.', ...named].join('\n');
        const rows = changes.map((change) => [
          change.id,
          change.facts.from ?? '-',
          change.facts.to ?? change.plan.target,
          change.status ?? (isActive(change) ? `running: ${change.steps.at(-1)?.name ?? ''}` : 'interrupted'),
          change.endedAt ? seconds(Date.parse(change.endedAt) - Date.parse(change.startedAt)) : '',
          change.error?.code ?? '',
        ]);
        return [table([['CHANGE', 'FROM', 'TO', 'STATUS', 'TOOK', 'ERROR'], ...rows]), ...named].join('\n');
      });
      return 0;
    }),
  );
}
