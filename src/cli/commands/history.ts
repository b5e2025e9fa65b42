import { InvalidArgumentError } from 'commander';
import { duration } from '../../core/duration.js';
import { changeNamed, type PastLine, tryReadHistory } from '../../ledger/history.js';
import { listChanges } from '../../ledger/ledger.js';
import type { Root } from '../../store/root.js';
import { type ChangeDocument, changeDocument } from '../../views/change.js';
import { corruptFiles } from '../../views/corrupt.js';
import { type Answer, command, looking } from '../command.js';
import { table } from '../output.js';
import { parseCount, parsePast } from '../parse.js';
import { changeText, corruptLines } from '../report.js';

interface Options {
  limit?: number;
  since?: Date;
  failed?: boolean;
}

const SHOWN = 20;

const HEAD = ['#', 'CHANGE', 'FROM', 'TO', 'STATUS', 'TOOK', 'ERROR'];

export const historyCommand = () =>
  command(
    'history',
    'show the changes made here, newest first, or the steps of one',
    'openclaw-releases history 12',
  )
    .argument('[change]', 'number or id of a change')
    .option('--limit <count>', `most changes to show (default: ${SHOWN}; all with --json)`, parseLimit)
    .option('--since <time>', 'a date, a date and time, or a duration such as 3d or 12h', parsePast)
    .option('--failed', 'only changes that did not succeed')
    .action(
      looking(({ environment: { root } }, name: string | undefined, options: Options) =>
        name === undefined ? answerAll(root, options) : answerOne(root, name),
      ),
    );

function answerAll(root: Root, { limit, since, failed = false }: Options): Answer {
  const past = tryReadHistory(root);
  const corrupt = corruptFiles(root);
  if (past.state === 'corrupt') corrupt.push({ path: root.history, why: past.why });
  const isWanted = ({ startedAt, error }: PastLine | ChangeDocument) =>
    (!since || Date.parse(startedAt) >= since.getTime()) && (!failed || error !== null);
  const changes = listChanges(root)
    .map((change) => changeDocument(root, change))
    .filter(isWanted);
  const older = (past.state === 'ok' ? past.value.changes : []).filter(isWanted);
  const all = [...older.map((line) => ({ line })), ...changes.map((document) => ({ document }))];
  const shown = new Set(limit === undefined ? all : all.slice(-limit));
  return {
    document: {
      older: all.flatMap((one) => ('line' in one && shown.has(one) ? one.line : [])),
      changes: all.flatMap((one) => ('document' in one && shown.has(one) ? one.document : [])),
      corrupt,
    },
    text: () => {
      const newest = all.slice(-(limit ?? SHOWN)).reverse();
      const rows = newest.map((one) => ('line' in one ? pastRow(one.line) : changeRow(one.document)));
      const left = all.length - rows.length;
      return [
        rows.length === 0
          ? `No ${failed ? 'failed ' : ''}change was made here${since ? ' since' : ' yet'}.`
          : table([HEAD, ...rows]),
        ...(left > 0 ? [`${left} older: openclaw-releases history --limit ${all.length}`] : []),
        ...corruptLines(corrupt),
      ].join('\n');
    },
  };
}

function answerOne(root: Root, name: string): Answer {
  const found = changeNamed(root, name);
  if (!('plan' in found)) {
    const text = `${table([HEAD, pastRow(found)])}\nIts steps are not kept any more.`;
    return { document: { ok: true, ...found }, text: () => text };
  }
  const document = changeDocument(root, found);
  const steps = document.steps.map(({ name, state, durationMs, note }) => [
    `  ${name}`,
    state,
    durationMs === null ? '' : duration(durationMs),
    note ?? '',
  ]);
  return {
    document: { ok: true, ...document },
    text: () =>
      [
        table([HEAD, changeRow(document)]),
        ...(steps.length > 0 ? [table(steps)] : []),
        changeText(document),
      ].join('\n'),
  };
}

function pastRow(line: PastLine): string[] {
  return row(line, line.status, line.error ?? '');
}

function changeRow(change: ChangeDocument): string[] {
  const status = change.status === 'running' ? `running: ${change.step ?? ''}` : change.status;
  return row(change, status, change.error?.code ?? '');
}

function row(
  { number, change, from, to, target, startedAt, endedAt }: PastLine | ChangeDocument,
  status: string,
  error: string,
): string[] {
  const took = endedAt ? duration(Date.parse(endedAt) - Date.parse(startedAt)) : '';
  return [number ? String(number) : '-', change, from ?? '-', to ?? target, status, took, error];
}

function parseLimit(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError('Not a number of changes.');
  return count;
}
