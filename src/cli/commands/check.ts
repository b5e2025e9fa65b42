import { duration } from '../../core/duration.js';
import { EXIT } from '../../core/errors.js';
import { moment } from '../../core/moment.js';
import { size } from '../../core/size.js';
import { type Check, checkForUpdate, type Newest } from '../../timer/check.js';
import { findingRows } from '../../views/switch-findings.js';
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

function checkText({ sentence, newest, current, findings, timer }: Check): string {
  if (newest === null) return sentence;
  const rows = [
    ['published', publishedText(newest)],
    ['release notes', newest.notesUrl],
    ['to fetch', newest.staged ? 'nothing: it is staged' : `about ${size(newest.fetchBytes)}`],
    ...findingRows(findings),
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
