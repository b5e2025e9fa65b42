import { Command } from 'commander';
import { planTimer } from '../../adopt/timer-unit-plan.js';
import { duration } from '../../core/duration.js';
import { moment } from '../../core/moment.js';
import { heldText } from '../../store/hold-text.js';
import { readPolicy } from '../../store/policy.js';
import { readTimerState } from '../../store/timer-state.js';
import { disableTimer, enableTimer } from '../../timer/enable.js';
import { windowText } from '../../timer/rules/window-text.js';
import { type TimerStatus, timerStatus } from '../../timer/status.js';
import { command, registryOption } from '../command.js';
import { plannedLines } from '../planned-files.js';
import { table } from '../table.js';
import { settingsFrom, type TimerOptions, withSettings } from '../timer-options.js';
import { decisionLine } from '../timer-report.js';
import { timerExplainCommand, timerRunCommand } from './timer-run.js';

type EnableOptions = TimerOptions & { system?: boolean; registry?: string; dryRun?: boolean };

export const timerCommand = () =>
  new Command('timer')
    .description('updates by a timer: enable, disable, status, explain, run')
    .addCommand(enableCommand())
    .addCommand(disableCommand())
    .addCommand(statusCommand())
    .addCommand(timerExplainCommand())
    .addCommand(timerRunCommand());

function enableCommand() {
  const enable = command(
    'timer enable',
    'have updates made by themselves, and say when that may be',
    'openclaw-releases timer enable --window "Mon-Fri 02:00-05:00" --time-zone Europe/Berlin',
  )
    .addOption(registryOption())
    .option('--system', 'a timer of the system, not of this user; for root')
    .option('--dry-run', 'print every file that would be written and change nothing');
  return withSettings(enable).acts(async ({ environment }, options: EnableOptions) => {
    const { root } = environment;
    const settings = settingsFrom(options, readPolicy(root).schedule ?? {});
    const where = { system: options.system ?? false, registry: options.registry ?? null };
    if (options.dryRun) {
      const { host, writes } = await planTimer(root, where, readTimerState(root).installId);
      const then = writes.length > 0 ? ', and write:' : '; openclaw-releases run looks every hour.';
      return {
        document: { dryRun: true, host, writes, settings },
        text: () => [`Would set ${settingsText(settings)}${then}`, ...plannedLines(writes)].join('\n'),
      };
    }
    const warnings = await enableTimer(environment, { settings, ...where });
    const status = await timerStatus(environment);
    return {
      document: { ...status, warnings },
      text: () => [statusText(status), ...warnings.map((warning) => `warning: ${warning}`)].join('\n'),
    };
  });
}

const disableCommand = () =>
  command('timer disable', 'make no updates by themselves any more; what was set is kept')
    .option('--system', 'a timer of the system; for root')
    .acts(async ({ environment }) => {
      const was = await disableTimer(environment);
      const text = was
        ? 'The timer is disabled, and what it had written is gone.'
        : 'The timer was not enabled.';
      return { document: { enabled: false, was: was?.host ?? null }, text: () => text };
    });

const statusCommand = () =>
  command('timer status', 'show when it looks next, what is set, and what it decided last and why').looks(
    async ({ environment }) => {
      const status = await timerStatus(environment);
      return { document: status, text: () => statusText(status) };
    },
  );

function settingsText(settings: object): string {
  const words = Object.entries(settings).map(([name, value]) => {
    const shown = name === 'windows' && value ? value.map(windowText).join('; ') || 'any time' : value;
    return `${name} to ${shown ?? 'its default'}`;
  });
  return words.join(', ') || 'nothing new';
}

function statusText(status: TimerStatus): string {
  const { settings, channelFrom, host, hold, announced, last, trouble } = status;
  const from = { timer: '', openclaw: " (OpenClaw's own setting)", default: '' }[channelFrom];
  const hours = (value: number) => duration(value * 3_600_000);
  const by =
    host?.kind === 'systemd' ? `${host.service}, ${host.scope}` : 'by the process that runs the gateway';
  const rows = [
    ['timer', status.enabled ? by : 'disabled'],
    ['next look', status.next === null ? 'none' : moment(status.next)],
    ['channel', `${settings.channel}${from}`],
    ['windows', settings.windows.map(windowText).join('; ') || 'at any time'],
    [
      'after publication',
      `${hours(settings.delayHours)}, and up to ${hours(settings.jitterHours)} more for this host; ${hours(settings.minimumAgeHours)} at least`,
    ],
    [
      'between changes',
      `${hours(settings.minimumIntervalHours)}; a release runs ${hours(settings.soakHours)} before the next`,
    ],
    [
      'before a restart',
      `idle for ${duration(settings.idleMinutes * 60_000)}, ${duration(settings.countdownSeconds * 1_000)} announced; after ${hours(settings.maxDeferHours)} not waited for`,
    ],
    ['drill', settings.drillDays > 0 ? `every ${settings.drillDays} d` : 'none'],
    ['scrub', settings.scrubWithinDays > 0 ? `everything within ${settings.scrubWithinDays} d` : 'none'],
    ['skipped', settings.skip.join(', ') || 'none'],
    ['held', hold ? heldText(hold).trim() : 'no'],
    ['announced', announced ? `${announced.version}, since ${moment(announced.at)}` : 'nothing'],
    ['last decision', last ? `${moment(last.at)} ${decisionLine(last)}` : 'none yet'],
    ...(last?.change ? [['change', `${last.change}: ${last.status}`]] : []),
    ...status.quarantine.map(({ release, until, why }) => [
      'quarantine',
      `${release} until ${moment(until)}: ${why}`,
    ]),
  ];
  if (trouble) {
    const { failures, since, retryAt, error } = trouble;
    const failed = `failed ${failures} times since ${moment(since)}; asked again after ${moment(retryAt)}: ${error.message}`;
    rows.push(['registry', failed]);
  }
  const lines = [table(rows)];
  if (!status.enabled) lines.push('Next: openclaw-releases timer enable');
  for (const reason of status.blockedBy) lines.push(`Nothing is updated: ${reason}`);
  if (status.breaker)
    lines.push(`Nothing is updated: ${status.breaker} Next: openclaw-releases history, then unhold`);
  return [...lines, ...status.notes].join('\n');
}
