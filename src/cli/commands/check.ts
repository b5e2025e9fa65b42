import { duration } from '../../core/duration.js';
import { EXIT } from '../../core/errors.js';
import { moment } from '../../core/moment.js';
import { size } from '../../core/size.js';
import { type Check, checkForUpdate, type Newest } from '../../timer/check.js';
import { command, registryOption } from '../command.js';
import { table } from '../table.js';
import { decisionLine } from '../timer-report.js';

export const checkCommand = () =>
  command('check', 'ask the registry for a newer release, and say what its update would need')
    .addOption(registryOption())
    .looks(async ({ environment }, { registry }: { registry?: string }) => {
      const check = await checkForUpdate(environment, registry);
      return {
        document: { ok: true, ...check },
        text: () => checkText(check),
        exitCode: check.available ? EXIT.available : EXIT.success,
      };
    });

function checkText({ sentence, newest, current, expected, rollback, timer }: Check): string {
  if (newest === null) return sentence;
  const rows = [
    ['published', publishedText(newest)],
    ['release notes', newest.notesUrl],
    ['needs Node', nodeText(newest)],
    ['to fetch', newest.staged ? 'nothing: it is staged' : `about ${size(newest.fetchBytes)}`],
    [
      'expected',
      expected
        ? `${duration(expected.ms)}, of these an outage of ${duration(expected.outageMs)} (median of ${expected.updates} here)`
        : 'not known: no update was made here yet',
    ],
    ...(rollback ? [['rolling back', rollbackText(rollback)]] : []),
    [
      'timer',
      `${timer.enabled ? '' : 'disabled; it would say: '}${decisionLine({ ...timer, version: null })}`,
    ],
  ];
  const next = current === null ? 'setup' : `update ${newest.version}`;
  return `${sentence}\n${table(rows)}\nNext: openclaw-releases ${next}`;
}

function publishedText({ publishedAt }: Newest): string {
  return publishedAt
    ? `${duration(Date.now() - Date.parse(publishedAt))} ago, ${moment(publishedAt)}`
    : 'not known';
}

function nodeText({ engines, node }: Newest): string {
  const needed = engines ?? 'not declared';
  if ('error' in node) return `${needed}: ${node.error.message}`;
  const from = { root: 'is here', host: 'is copied from this host', registry: 'comes from the registry' };
  return `${needed}: ${node.version} ${from[node.kind]}`;
}

function rollbackText({ needsState, why }: NonNullable<Check['rollback']>): string {
  if (needsState === null) return `may need the snapshot of the state: ${why}`;
  return `${needsState ? 'needs' : 'does not need'} the snapshot of the state: ${why}`;
}
