import { member } from '../core/json.js';
import { type Launch, placeOf } from '../host/place.js';
import { readConfiguration } from './configuration.js';

export interface OwnSettings {
  channel: string | null;
  autoEnabled: boolean | null;
  checkOnStart: boolean | null;
}

/** Set by the launchers for all that a release starts; see `layout/README.md`. */
const STARTED_BY_GATEWAY = 'OPENCLAW_RELEASES_RELEASE';

/**
 * An unreadable configuration gives no settings: OpenClaw reports its errors.
 * @throws ReleasesError `home_unknown`: a configuration that cannot be found may forbid updates
 */
export function readOwnSettings(launch: Launch): OwnSettings {
  placeOf(launch);
  const update = member(readConfiguration(launch), 'update');
  const channel = member(update, 'channel');
  return {
    channel: typeof channel === 'string' && channel.trim() !== '' ? channel.trim().toLowerCase() : null,
    autoEnabled: flag(member(update, 'auto', 'enabled')),
    checkOnStart: flag(member(update, 'checkOnStart')),
  };
}

/**
 * Reasons why OpenClaw's own settings stop the timer, a sentence each. Automatic updates are off by default in
 * OpenClaw, and `timer enable` turns ours on, so only an explicit `false` stops them.
 * @param environments of a command, and of the gateway's unit without our drop-in, which keeps OpenClaw's updater off
 */
export function blockedByOwner(
  { autoEnabled, checkOnStart }: OwnSettings,
  environments: { of: string; env: Record<string, string | undefined> }[],
): string[] {
  return [
    ...(autoEnabled === false
      ? ['OpenClaw is set not to update automatically (update.auto.enabled is false).']
      : []),
    ...(checkOnStart === false
      ? ['OpenClaw is told not to look for updates (update.checkOnStart is false).']
      : []),
    ...environments
      .filter(({ env }) => env[STARTED_BY_GATEWAY] === undefined && isSet(env.OPENCLAW_NO_AUTO_UPDATE))
      .map(({ of }) => `OPENCLAW_NO_AUTO_UPDATE is set in ${of}.`),
  ];
}

/** Values that OpenClaw accepts as yes. */
function isSet(value: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(value?.trim().toLowerCase() ?? '');
}

function flag(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}
