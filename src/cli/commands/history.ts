import { InvalidArgumentError } from 'commander';
import { duration } from '../../core/duration.js';
import { momentColumn } from '../../core/moment.js';
import { changeNamed, type PastLine, tryReadHistory } from '../../ledger/history.js';
import { listChanges } from '../../ledger/ledger.js';
import type { Root } from '../../store/root.js';
import { type ChangeDocument, changeDocument } from '../../views/change.js';
import { corruptFiles } from '../../views/corrupt.js';
import { outageText } from '../../views/outage-text.js';
import { resultText } from '../../views/result-text.js';
import type { Answers } from '../answers.js';
import { type Answer, command } from '../command.js';
import { parseCount, parsePast } from '../parse.js';
import { changeText, corruptLines } from '../report.js';
import { table } from '../table.js';

interface Options {
  limit?: number;
  since?: Date;
  failed?: boolean;
}

const SHOWN = 20;

/** Columns that a narrow terminal does without. */
const DROP = [7, 5, 6, 1];

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
    .looks(({ environment: { root } }, name: string | undefined, options: Options) =>
      name === undefined ? answerAll(root, options) : answerOne(root, name),
    );

function answerAll(root: Root, { limit, since, failed = false }: Options): Answer<Answers['history']> {
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
      const newest = all
        .slice(-(limit ?? SHOWN))
        .reverse()
        .map((one) => ('line' in one ? one.line : one.document));
      const left = all.length - newest.length;
      return [
        newest.length === 0
          ? `No ${failed ? 'failed ' : ''}change was made here${since ? ' since' : ' yet'}.`
          : tableOf(newest),
        ...(left > 0 ? [`${left} older: openclaw-releases history --limit ${all.length}`] : []),
        ...corruptLines(corrupt),
      ].join('\n');
    },
  };
}

function answerOne(root: Root, name: string): Answer<Answers['history']> {
  const found = changeNamed(root, name);
  if (!('plan' in found)) {
    const text = `${tableOf([found])}\nIts steps are not kept any more.`;
    return { document: { ok: true, ...found }, text: () => text };
  }
  const document = changeDocument(root, found);
  const steps = document.steps.map(({ title, state, durationMs, note }) => [
    `  ${title}`,
    state.replace('_', ' '),
    durationMs === null ? '' : duration(durationMs),
    note ?? '',
  ]);
  return {
    document: { ok: true, ...document },
    text: () =>
      [
        tableOf([document]),
        ...(steps.length > 0 ? [table(steps)] : []),
        ...(document.outage ? [`Outage: ${outageText(document.outage)}.`] : []),
        changeText(document),
      ].join('\n'),
  };
}

type Line = PastLine | ChangeDocument;

function tableOf(lines: Line[]): string {
  const [when = '', ...times] = momentColumn(
    'WHEN',
    lines.map(({ startedAt }) => startedAt),
  );
  const rows = lines.map((line, at) => row(line, times[at] ?? ''));
  return table([['#', when, 'WHAT', 'RESULT', 'TOOK', 'OUTAGE', 'ERROR', 'CHANGE'], ...rows], DROP);
}

function row(line: Line, when: string): string[] {
  const { number, kind, change, from, to, target, status, startedAt, endedAt, error } = line;
  const code = typeof error === 'string' ? error : (error?.code ?? null);
  const way = from === null || to === null || from === to ? (to ?? target) : `${from} → ${to}`;
  const outage = 'downtimeMs' in line ? line.downtimeMs : null;
  return [
    number ? String(number) : '-',
    when,
    `${kind} ${way}`,
    resultText(status, code),
    endedAt ? duration(Date.parse(endedAt) - Date.parse(startedAt)) : '',
    outage === null ? '' : duration(outage),
    code ?? '',
    change,
  ];
}

function parseLimit(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError('Not a number of changes.');
  return count;
}
