import { seconds } from '../../core/duration.js';
import { tryReadHistory } from '../../ledger/history.js';
import { listChanges } from '../../ledger/ledger.js';
import { changeDocument } from '../../views/change.js';
import { corruptFiles } from '../../views/corrupt.js';
import { command, looking } from '../command.js';
import { table } from '../output.js';
import { corruptLines } from '../report.js';

const HEAD = ['CHANGE', 'FROM', 'TO', 'STATUS', 'TOOK', 'ERROR'];

export const historyCommand = () =>
  command('history', 'show the changes made here and how each ended').action(
    looking(({ environment: { root } }) => {
      const changes = listChanges(root).map((change) => changeDocument(root, change));
      const past = tryReadHistory(root);
      const older = past.state === 'ok' ? past.value.changes : [];
      const corrupt = corruptFiles(root);
      if (past.state === 'corrupt') corrupt.push({ path: root.history, why: past.why });
      const rows = () => [
        ...older.map((change) => row(change, change.status, change.error ?? '')),
        ...changes.map((change) => {
          const status = change.status === 'running' ? `running: ${change.step ?? ''}` : change.status;
          return row(change, status, change.error?.code ?? '');
        }),
      ];
      const none = changes.length + older.length === 0;
      return {
        document: { older, changes, corrupt },
        text: () =>
          [none ? 'No change was made here yet.' : table([HEAD, ...rows()]), ...corruptLines(corrupt)].join(
            '\n',
          ),
      };
    }),
  );

interface Line {
  change: string;
  from: string | null;
  to: string | null;
  target: string;
  startedAt: string;
  endedAt: string | null;
}

function row(
  { change, from, to, target, startedAt, endedAt }: Line,
  status: string,
  error: string,
): string[] {
  const took = endedAt ? seconds(Date.parse(endedAt) - Date.parse(startedAt)) : '';
  return [change, from ?? '-', to ?? target, status, took, error];
}
