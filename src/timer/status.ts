import { offsetOf } from '../adopt/timer-unit-plan.js';
import { type Host, readTimer } from '../adopt/timer-unit-record.js';
import { timerOf } from '../adopt/timer-units.js';
import { askSystemd } from '../host/systemd/systemctl.js';
import type { Environment } from '../ledger/environment.js';
import { readPolicy } from '../store/policy.js';
import { quarantineEnd, quarantineOf } from '../store/quarantine.js';
import type { Root } from '../store/root.js';
import type { PastDecision } from '../store/timer-state.js';
import { readSupervisorRecord } from '../supervisor/select.js';
import { type AutoOverview, autoOverview } from '../views/timer-settings.js';
import { evaluateTimer } from './evaluate.js';
import type { ChannelSource } from './policy.js';
import type { Settings } from './rules/settings.js';

export interface TimerStatus extends AutoOverview {
  host: Host | null;
  /** Last answer of the registry, ISO 8601; null before the first. */
  askedAt: string | null;
  /** Next run, as its host says; null while disabled or unknown. ISO 8601. */
  next: string | null;
  settings: Settings;
  channelFrom: ChannelSource;
  notes: string[];
  blockedBy: string[];
  /** Reason why automatic updates stopped until an operator acts; null when they did not. */
  breaker: string | null;
  quarantine: { release: string; until: string; why: string }[];
  decisions: PastDecision[];
}

export async function timerStatus(environment: Environment): Promise<TimerStatus> {
  const { root } = environment;
  const host = readTimer(root.path)?.host ?? null;
  const { decision, policy, file } = await evaluateTimer(environment, null);
  const breaker = decision.votes.find(
    ({ rule, verdict }) => (rule === 'breaker' || rule === 'drill') && verdict === 'no',
  );
  const recorded = readPolicy(root);
  return {
    ...autoOverview(root),
    host,
    askedAt: file.registry?.askedAt ?? null,
    next: host && (await nextRun(host, file.installId)),
    ...{
      settings: policy.settings,
      channelFrom: policy.channelFrom,
      notes: [...policy.notes, ...orphaned(root, host)],
    },
    stopped: file.stopped,
    blockedBy: policy.facts.blockedBy,
    breaker: breaker?.reason ?? null,
    quarantine: Object.entries(recorded.quarantine)
      .filter(([release]) => quarantineOf(recorded, release) !== null)
      .map(([release, entry]) => ({
        release,
        until: quarantineEnd(entry).toISOString(),
        why: entry.cause.message,
      })),
    decisions: file.decisions,
  };
}

/** After adoption systemd runs the gateway, so a timer of the built-in supervisor never runs. */
function orphaned(root: Root, host: Host | null): string[] {
  if (host?.kind !== 'builtin' || readSupervisorRecord(root.path) === null) return [];
  return [
    'Nobody looks: the timer is that of openclaw-releases run, and systemd runs the gateway now. Next: openclaw-releases timer enable',
  ];
}

/** Null for a timer that is not loaded, and also during a run. */
async function nextRun(host: Host, installId: string): Promise<string | null> {
  if (host.kind === 'builtin') {
    const hour = 60 * 60_000;
    const offset = Math.floor(offsetOf(installId) / 1000) * 1000;
    return new Date(Math.floor((Date.now() - offset) / hour + 1) * hour + offset).toISOString();
  }
  const { stdout } = await askSystemd(
    'systemctl',
    host.scope,
    ['show', '--property=NextElapseUSecRealtime', '--value', '--', timerOf(host.service)],
    // systemctl formats times by locale and time zone.
    { LC_ALL: 'C', TZ: 'UTC' },
  );
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/.exec(stdout) ?? [];
  return date === undefined ? null : new Date(`${date}T${time}Z`).toISOString();
}
