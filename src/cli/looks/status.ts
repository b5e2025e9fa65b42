import { waitingText } from '../../change/waiting.js';
import { moment } from '../../core/moment.js';
import { STEP_TITLES } from '../../ledger/plan.js';
import type { ChangeDocument } from '../../views/change.js';
import { proofText } from '../../views/rollback-proof.js';
import { scrubLines } from '../../views/scrub.js';
import { type Overview, overview } from '../../views/status.js';
import { changeText, corruptLines } from '../report.js';
import { type CommonOptions, look, type Session } from '../session.js';
import { table } from '../table.js';
import { autoRows } from '../timer-report.js';

export const run = (options: CommonOptions) => look(options, showStatus);

export async function showStatus({ environment, output }: Session): Promise<number> {
  const found = await overview(environment.root, environment.supervisor);
  output.answer({ ok: true, ...found }, () => statusText(found));
  return 0;
}

function statusText(found: Overview): string {
  const { running, interrupted, last } = found;
  const trial = found.trial ? `${found.trial.id || 'a release'}, ${found.trial.boots} starts left` : 'none';
  const rows = [
    ['root', found.root],
    ['current', found.current ?? 'none'],
    ['previous', found.previous ?? 'none'],
    ['trial', trial],
    ['gateway', gatewayText(found)],
    [
      'change',
      running
        ? `${running.change}: ${running.step ? STEP_TITLES[running.step] : 'begins'}${running.progress ? ` (${running.progress.sentence})` : ''}, since ${moment(running.startedAt)}, process ${running.handoff.pid}`
        : 'no active change',
    ],
  ];
  rows.push(...autoRows(found.auto));
  const lines = [table(rows)];
  if (running) lines.push(...waitingLines(running));
  for (const { pid, commandLine, since } of found.gateway?.orphans ?? []) {
    lines.push(
      `port_held_by_orphan: process ${pid}, ${commandLine}, since ${since === null ? 'an unknown time' : moment(since)}. Next: openclaw-releases update --evict-orphan`,
    );
  }
  if (interrupted.length > 0)
    lines.push(`Interrupted: ${interrupted.join(', ')}. Next: openclaw-releases recover`);
  if (found.restore) {
    const { release, from, phase } = found.restore;
    const half = phase === 'pending' ? '' : ' It is half done, and continues there.';
    lines.push(`The state of ${from} is restored at the next start, with ${release}.${half}`);
  }
  for (const { release, why } of found.faults)
    lines.push(`${release} cannot be started: ${why}. Next: openclaw-releases recover`);
  lines.push(...corruptLines(found.corrupt));
  if (found.rollback) lines.push(proofText(found.rollback));
  lines.push(...scrubLines(found.scrub));
  if (last) lines.push(`Last change ${last.change}: ${changeText(last)}`);
  return lines.join('\n');
}

function waitingLines({ phase, idle }: ChangeDocument): string[] {
  if (phase !== 'waiting' || !idle || idle.outcome !== undefined) return [];
  const { announcedAt, deadlineAt, restartAt } = idle;
  const when = restartAt === null ? `until ${moment(deadlineAt)} at the latest` : `at ${moment(restartAt)}`;
  return [
    `A restart is announced since ${moment(announcedAt)}: ${waitingText(idle)}, ${when}.`,
    '  next: openclaw-releases cancel, to end it; openclaw-releases restart-now, to have it now',
  ];
}

function gatewayText({ gateway, current }: Overview): string {
  if (!gateway) return `no supervisor answers (openclaw-releases ${current === null ? 'setup' : 'run'})`;
  if (gateway.pid === null) return gateway.state;
  const { health } = gateway;
  const well = health.ready
    ? 'ready'
    : health.live
      ? `not ready${health.failing.map((name) => ` ${name}`).join()}`
      : 'not live';
  const other = gateway.release !== current ? ', not the current release' : '';
  return `${gateway.release ?? 'of another origin'}${other}: ${well}, process ${gateway.pid}, ${gateway.url}, ${gateway.restarts} automatic restarts`;
}
