import { join } from 'node:path';
import {
  escapePath,
  escapeQuoted,
  quoteArgument,
  quoteProgram,
  renderTemplate,
} from '../host/systemd/unit-template.js';
import type { PlannedFile } from '../host/written.js';

export interface UnitRequest {
  /** Absolute path. */
  root: string;
  /** Absolute directory of the units. */
  directory: string;
  /** Full name; the timer has the same with `.timer`. */
  service: string;
  /** User of a system timer's service; null for the manager's own user. */
  user: string | null;
  /** Absolute program and its arguments. */
  argv: string[];
  limits: string[];
  /** Version of systemd; null when unknown. */
  systemd: number | null;
  /** Milliseconds into the hour of this host's run, for a systemd that cannot keep a random delay. */
  offsetMs: number;
}

/** The first systemd that draws the delay once for a host and not each time (`FixedRandomDelay=`, systemd.timer(5)). */
const FIXED_RANDOM_DELAY = 247;

/**
 * Plans the two units and the link that `systemctl enable` would make. Each host keeps its own moment in the hour, so
 * that a fleet does not ask the registry in one second.
 * @throws ReleasesError `root_invalid` for a path that no unit file can hold
 */
export function planUnits(request: UnitRequest): PlannedFile[] {
  const { root, directory, service, user, argv, limits } = request;
  const timer = timerOf(service);
  const values = {
    ROOT: escapeQuoted(root),
    USER: user === null ? '' : `User=${escapePath(user)}`,
    AUTO: argv.map((word, at) => (at === 0 ? quoteProgram(word) : quoteArgument(word))).join(' '),
    LIMITS: limits.join('\n'),
    SERVICE: service,
    ...calendarOf(request),
  };
  const file = (name: string, template: string): PlannedFile => ({
    kind: 'file',
    path: join(directory, name),
    content: renderTemplate(template, values),
    mode: 0o644,
  });
  return [
    file(service, 'auto.service.in'),
    file(timer, 'auto.timer.in'),
    { kind: 'link', path: join(directory, 'timers.target.wants', timer), target: join(directory, timer) },
  ];
}

export function timerOf(service: string): string {
  return service.replace(/\.service$/, '.timer');
}

function calendarOf({ systemd, offsetMs }: UnitRequest): { CALENDAR: string; SPREAD: string } {
  if (systemd !== null && systemd >= FIXED_RANDOM_DELAY)
    return { CALENDAR: 'hourly', SPREAD: 'RandomizedDelaySec=1h\nFixedRandomDelay=true' };
  const seconds = Math.floor(offsetMs / 1000) % 3600;
  const two = (value: number) => String(value).padStart(2, '0');
  return { CALENDAR: `*-*-* *:${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`, SPREAD: '' };
}
