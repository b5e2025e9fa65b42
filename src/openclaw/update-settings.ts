import { readFileSync } from 'node:fs';
import JSON5 from 'json5';

/** What OpenClaw's own settings say about updates, as far as they are there. */
export interface OwnSettings {
  /** `update.channel`, as it is written. */
  channel: string | null;
  /** `update.auto.enabled`. */
  autoEnabled: boolean | null;
  /** `update.checkOnStart`. */
  checkOnStart: boolean | null;
}

/** Set by the launchers for whatever a release starts; see `layout/README.md`. */
const STARTED_BY_GATEWAY = 'OPENCLAW_RELEASES_RELEASE';

/**
 * Reads OpenClaw's configuration, which is never written. One that cannot be read says nothing: what is wrong with it
 * is for OpenClaw to complain of.
 * @param file absolute
 */
export function readOwnSettings(file: string): OwnSettings {
  const update = member(parse(file), 'update');
  const channel = member(update, 'channel');
  return {
    channel: typeof channel === 'string' && channel.trim() !== '' ? channel.trim().toLowerCase() : null,
    autoEnabled: flag(member(member(update, 'auto'), 'enabled')),
    checkOnStart: flag(member(update, 'checkOnStart')),
  };
}

/**
 * Why OpenClaw's own settings keep the timer from updating, a sentence each. Automatic updates are off in OpenClaw unless
 * somebody turns them on, and so they are here: `timer enable` is what turns them on, and only a `false` that somebody
 * has written is against it. `checkOnStart: false` and `OPENCLAW_NO_AUTO_UPDATE` stop OpenClaw's checks and updates, and ours.
 * @param environments where an operator may have set that variable: a command's own, and the gateway's unit without
 *   our drop-in, which sets it so that OpenClaw's own updater stays off
 */
export function blockedByOwner(
  { autoEnabled, checkOnStart }: OwnSettings,
  environments: { of: string; env: Record<string, string | undefined> }[],
): string[] {
  return [
    ...(autoEnabled === false
      ? ['OpenClaw is told not to update by itself (update.auto.enabled is false).']
      : []),
    ...(checkOnStart === false
      ? ['OpenClaw is told not to look for updates (update.checkOnStart is false).']
      : []),
    ...environments
      .filter(({ env }) => env[STARTED_BY_GATEWAY] === undefined && isSet(env.OPENCLAW_NO_AUTO_UPDATE))
      .map(({ of }) => `OPENCLAW_NO_AUTO_UPDATE is set in ${of}.`),
  ];
}

/** What OpenClaw itself takes for yes in a variable. */
function isSet(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(value?.trim().toLowerCase() ?? '');
}

function parse(file: string): unknown {
  try {
    return JSON5.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function flag(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}
