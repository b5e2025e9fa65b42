import { installTimer, planTimer, removeTimer, type TimerChoice } from '../adopt/timer-unit-plan.js';
import { type Host, readTimer, type TimerRecord } from '../adopt/timer-unit-record.js';
import { exclusive } from '../change/exclusive.js';
import { lingers } from '../host/systemd/linger.js';
import type { Environment } from '../ledger/environment.js';
import { setSchedule } from '../store/policy.js';
import type { Schedule } from '../store/schedule.js';
import { readTimerState, tryReadTimerState, writeAuto } from '../store/timer-state.js';

export interface EnableOptions extends TimerChoice {
  /** A key that is present with `undefined` gets its default again. */
  settings: { [K in keyof Schedule]: Schedule[K] | undefined };
}

/**
 * Writes the settings and installs an hourly check for updates. Safe to repeat.
 * @returns warnings
 * @throws ReleasesError as `planTimer`, and `locked`
 */
export async function enableTimer(environment: Environment, options: EnableOptions): Promise<string[]> {
  const { root } = environment;
  return exclusive(environment, { doing: 'timer enable', recover: false }, async () => {
    const file = readTimerState(root);
    const plan = await planTimer(root, options, file.installId);
    const earlier = readTimer(root.path);
    if (earlier && !sameHost(earlier.host, plan.host)) await removeTimer(root);
    if (Object.keys(options.settings).length > 0) setSchedule(root, options.settings);
    // The minute and the jitter of this host come from its id, so the id is stored now. A run may be writing it too.
    if (tryReadTimerState(root).state !== 'ok') writeAuto(root, file);
    await installTimer(root, plan, options.registry ?? null);
    return warningsFor(plan.host);
  });
}

export async function disableTimer(environment: Environment): Promise<TimerRecord | null> {
  const { root } = environment;
  return exclusive(environment, { doing: 'timer disable', recover: false }, () => removeTimer(root));
}

function sameHost(a: Host, b: Host): boolean {
  if (a.kind === 'builtin' || b.kind === 'builtin') return a.kind === b.kind;
  return a.scope === b.scope && a.service === b.service;
}

function warningsFor(host: Host): string[] {
  if (host.kind === 'builtin')
    return ['The timer runs while openclaw-releases run is there; a running one begins within the hour.'];
  if (host.scope === 'system' || lingers() !== false) return [];
  return [
    'This user does not linger: the timer rests while nobody is logged in. Next: loginctl enable-linger',
  ];
}
