import { isRecord, type Json, member } from '../core/json.js';
import { oneLine } from '../core/printable.js';
import type { Door } from './endpoint.js';
import { askGateway } from './rpc-client.js';

const TIMEOUT_MS = 5000;
const LONGEST_NAME = 80;
const MOST = 200;

/** Abilities of a gateway by name: true when it works, false when it is broken; others are not listed. */
export type Abilities = Record<string, boolean>;

type Told = readonly [name: string, works: unknown, broken: unknown];

/** A status call of OpenClaw, in all versions since 2026.5.28, and what it tells about abilities. */
interface Source {
  method: string;
  read(answer: unknown): Told[];
}

const SOURCES: readonly Source[] = [
  {
    method: 'channels.status',
    read: (answer) =>
      Object.entries(recordAt(answer, 'channelAccounts')).flatMap(([channel, accounts]) =>
        records(accounts).map(
          (account): Told => [
            account.accountId === 'default'
              ? `channel ${channel}`
              : `channel ${channel} (${account.accountId})`,
            account.running === true,
            // Before its first connection, and while its service is down, it is neither.
            account.running !== true && isMisconfigured(account),
          ],
        ),
      ),
  },
  {
    method: 'models.authStatus',
    read: (answer) =>
      records(member(answer, 'providers')).map(
        ({ provider, status }): Told => [
          `credentials of ${provider}`,
          status === 'ok' || status === 'static' || status === 'expiring',
          // An access token expires within hours, and is renewed when a model is first called.
          status === 'missing',
        ],
      ),
  },
  {
    method: 'cron.status',
    read: (answer) => {
      const enabled = member(answer, 'enabled');
      return [['scheduled jobs', enabled === true, enabled === false]];
    },
  },
];

/**
 * Asks a gateway what works in it; without what it does not answer. Plugins are left to the step `plugins`, which also
 * updates them. Never throws.
 */
export async function sampleAbilities(endpoint: Door): Promise<Abilities> {
  const found = await Promise.all(
    SOURCES.map(async ({ method, read }) =>
      read((await askGateway(endpoint, { method }, TIMEOUT_MS)).payload),
    ),
  );
  const known = found.flat().filter(([, works, broken]) => Boolean(works) !== Boolean(broken));
  // A name that is told twice works only if it is broken nowhere.
  const sorted = known
    .slice(0, MOST)
    .sort(([, one], [, other]) => Number(Boolean(other)) - Number(Boolean(one)));
  return Object.fromEntries(sorted.map(([name, works]) => [oneLine(name, LONGEST_NAME), Boolean(works)]));
}

/** Names what worked before and is broken now, by the release. */
export function lost(before: Abilities, after: Abilities): string[] {
  return Object.keys(before).filter((name) => before[name] === true && after[name] === false);
}

/**
 * Names what worked before, and of which it cannot be known now: its service may be down, its token expired, or it has
 * another name in this release.
 */
export function doubtful(before: Abilities, after: Abilities): string[] {
  return Object.keys(before).filter((name) => before[name] === true && after[name] === undefined);
}

/** Looks for trouble that is neither of a channel's service nor of the network. */
function isMisconfigured({ configured, lifecycle, lastStartAt, lastError }: Json): boolean {
  const words =
    /\bnot configured\b|\bno (\w+ )?token\b|\btoken (is )?missing\b|\binvalid config|\bcannot find (module|package)\b/i;
  return (
    configured === false ||
    // 2026.9 waits for its operator, for example where a credential is not to be found.
    (lifecycle === 'blocked' && !lastStartAt) ||
    (typeof lastError === 'string' && words.test(lastError))
  );
}

function recordAt(value: unknown, key: string): Json {
  const found = member(value, key);
  return isRecord(found) ? found : {};
}

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
