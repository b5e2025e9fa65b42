import type { Command } from 'commander';
import { seconds } from '../../core/duration.js';
import { tryReadHistory } from '../../ledger/history.js';
import { listChanges } from '../../ledger/ledger.js';
import { changeDocument } from '../../views/change.js';
import { corruptFiles } from '../../views/corrupt.js';
import { command } from '../command.js';
import { table } from '../output.js';
import { corruptLines } from '../report.js';
import { atGlance, type CommonOptions } from '../session.js';

export function historyCommand(): Command {
  return command(
    'history',
    'show the changes made here and how each ended',
    'openclaw-releases history',
  ).action((options: CommonOptions) =>
    atGlance(options, async ({ environment, output }) => {
      const { root } = environment;
      const changes = listChanges(root).map((change) => changeDocument(root, change));
      const past = tryReadHistory(root);
      const older = past.state === 'ok' ? past.value.changes : [];
      const corrupt = corruptFiles(root);
      if (past.state === 'corrupt') corrupt.push({ path: root.history, why: past.why });
      output.answer({ ok: true, older, changes, corrupt }, () => {
        const named = corruptLines(corrupt);
        if (changes.length + older.length === 0) return ['No change was made here yet.', ...named].join('\n');
        const lines = older.map(({ change, from, to, target, status, startedAt, endedAt, error }) => [
          change,
          from ?? '-',
          to ?? target,
          status,
          seconds(Date.parse(endedAt) - Date.parse(startedAt)),
          error ?? '',
        ]);
        const rows = changes.map(({ change, from, to, target, status, step, startedAt, endedAt, error }) => [
          change,
          from ?? '-',
          to ?? target,
          status === 'running' ? `running: ${step ?? ''}` : status,
          endedAt ? seconds(Date.parse(endedAt) - Date.parse(startedAt)) : '',
          error?.code ?? '',
        ]);
        return [
          table([['CHANGE', 'FROM', 'TO', 'STATUS', 'TOOK', 'ERROR'], ...lines, ...rows]),
          ...named,
        ].join('\n');
      });
      return 0;
    }),
  );
}
