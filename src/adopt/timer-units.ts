import { join } from 'node:path';
import {
  escapePath,
  escapeQuoted,
  quoteArgument,
  quoteProgram,
  renderTemplate,
} from '../host/unit-template.js';
import type { PlannedFile } from '../host/written.js';

/** What the units of the timer are made of; plain data. */
export interface UnitRequest {
  /** The root directory; absolute. */
  root: string;
  /** Where units are written; absolute. */
  directory: string;
  /** The full name of the service; the timer has the same. */
  service: string;
  /** Whom the service of a system timer runs as; null for whoever the manager runs as. */
  user: string | null;
  /** What the service starts: absolute program and its arguments. */
  argv: string[];
  /** Settings that keep the gateway first, one a line of the unit. */
  limits: string[];
  /** Of systemd; null where it does not say. */
  systemd: number | null;
  /** Milliseconds after the full hour at which this host looks, where systemd cannot keep a drawn one by itself. */
  offsetMs: number;
}

/** From here on systemd draws the delay once for a host, and not anew each time (systemd.timer(5)). */
const FIXED_RANDOM_DELAY = 247;

/**
 * The two units, and the link that `systemctl enable` would make. A fleet that asks the registry in one second would be a
 * storm, so each host has its own moment in the hour, and keeps it.
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

/** The timer of a service. */
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
