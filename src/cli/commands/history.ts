import type { Command } from 'commander';
import { seconds } from '../../core/duration.js';
import { listChanges } from '../../ledger/ledger.js';
import { changeDocument } from '../../views/change.js';
import { corruptFiles } from '../../views/corrupt.js';
import { command } from '../command.js';
import { table } from '../output.js';
import { corruptLines } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';

export function historyCommand(): Command {
  return command(
    'history',
    'show the changes made here and how each ended',
    'openclaw-releases history',
  ).action((options: CommonOptions) =>
    inSession(options, async ({ environment, output }) => {
      const { root } = environment;
      const changes = listChanges(root).map((change) => changeDocument(root, change));
      const corrupt = corruptFiles(root);
      output.answer({ ok: true, changes, corrupt }, () => {
        const named = corruptLines(corrupt);
        if (changes.length === 0) return ['No change was made here yet.', ...named].join('\n');
        const rows = changes.map(({ change, from, to, target, status, step, startedAt, endedAt, error }) => [
          change,
          from ?? '-',
          to ?? target,
          status === 'running' ? `running: ${step ?? ''}` : status,
          endedAt ? seconds(Date.parse(endedAt) - Date.parse(startedAt)) : '',
          error?.code ?? '',
        ]);
        return [table([['CHANGE', 'FROM', 'TO', 'STATUS', 'TOOK', 'ERROR'], ...rows]), ...named].join('\n');
      });
      return 0;
    }),
  );
}
