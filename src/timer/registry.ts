import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { compareVersions } from '../core/version.js';
import type { AskRegistry } from '../registry/asking.js';
import type { Offer, Unchanged } from '../registry/offer.js';
import type { KnownRegistry, RegistryTrouble, TimerStateFile } from '../store/timer-state.js';
import { backoff } from './rules/backoff.js';
import { chooseCandidate, isVersion } from './rules/candidate.js';
import type { RegistryFacts } from './rules/facts.js';
import type { Settings } from './rules/settings.js';
import { DAY, HOUR } from './rules/time.js';

type Remembered = Pick<TimerStateFile, 'registry' | 'trouble' | 'newestSeen'>;

export function isLeftAlone(trouble: RegistryTrouble | null, now: number): boolean {
  if (trouble === null) return false;
  // A clock that was ahead for a while must not extend the pause for years.
  const [since, retryAt] = [Date.parse(trouble.since), Date.parse(trouble.retryAt)];
  return now >= since && now < retryAt && retryAt <= now + DAY;
}

/** Never throws: a failure is remembered, with the facts known before. */
export async function askRegistry(
  file: TimerStateFile,
  settings: Settings,
  now: number,
  ask: AskRegistry,
): Promise<Remembered> {
  try {
    const registry = await look(file.registry, settings, now, ask);
    const newestSeen = withNewest(file.newestSeen, settings, registry, now);
    return { registry: withoutOthers(registry, newestSeen), trouble: null, newestSeen };
  } catch (error) {
    const { registry, newestSeen, trouble } = file;
    return { registry, newestSeen, trouble: onceMore(trouble, error, file.installId, now) };
  }
}

export function onceMore(
  trouble: RegistryTrouble | null,
  error: unknown,
  installId: string,
  now: number,
): RegistryTrouble {
  const failures = (trouble?.failures ?? 0) + 1;
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    failures,
    error: toErrorRecord(error),
    since: trouble && Date.parse(trouble.since) <= now ? trouble.since : at(now),
    retryAt: at(now + backoff(failures, installId)),
  };
}

/** Reads the short document. Asks once for the whole one when a candidate's publication time is missing. */
async function look(
  known: KnownRegistry | null,
  settings: Settings,
  now: number,
  ask: AskRegistry,
): Promise<KnownRegistry> {
  const askedAt = new Date(now).toISOString();
  const answer = await ask({ etag: known?.etag ?? null });
  const registry = read(answer, known, askedAt);
  const { version, published } = chooseCandidate({ settings, registry: { ...registry, newestSeen: null } });
  // A registry whose whole document lacks the time too is not asked for it every hour.
  if (published === null || published.at !== '' || registry.wholeFor === version) return registry;
  const whole = await ask({ whole: true });
  // One document may be older than the other in a cache between.
  const hasIt = 'versions' in whole && whole.versions.some((one) => one.version === version);
  return { ...withTimes(registry, whole), wholeFor: hasIt ? version : registry.wholeFor };
}

function read(answer: Offer | Unchanged, known: KnownRegistry | null, askedAt: string): KnownRegistry {
  const { saidAt } = answer;
  if ('unchanged' in answer) {
    if (known) return { ...known, askedAt, saidAt };
    throw new ReleasesError(
      'registry_error',
      'The registry says that nothing has changed, and nothing was known.',
    );
  }
  const { tags, versions, etag } = answer;
  const registry = { tags, versions, etag, askedAt, saidAt, wholeFor: known?.wholeFor ?? null };
  return known ? withTimes(registry, known) : registry;
}

function withTimes(registry: KnownRegistry, other: object): KnownRegistry {
  const { versions = [] } = other as Partial<Offer>;
  const times = new Map(versions.map(({ version, at }) => [version, at]));
  return {
    ...registry,
    versions: registry.versions.map((one) =>
      one.at === '' ? { ...one, at: times.get(one.version) ?? '' } : one,
    ),
  };
}

function withNewest(
  before: Record<string, string>,
  settings: Settings,
  registry: KnownRegistry,
  now: number,
): Record<string, string> {
  const { version, published } = chooseCandidate({ settings, registry: { ...registry, newestSeen: null } });
  const newest = before[settings.channel];
  if (version === null || !published || published.deprecated) return before;
  // What was a mistake is taken back within hours, and must not keep this host from all that comes later.
  if (now - Date.parse(published.at) < settings.minimumAgeHours * HOUR) return before;
  if (newest !== undefined && isVersion(newest) && compareVersions(newest, version) >= 0) return before;
  return { ...before, [settings.channel]: version };
}

/** Keeps only versions that a rule can ask about: a registry has hundreds. */
function withoutOthers(registry: KnownRegistry, newestSeen: Record<string, string>): KnownRegistry {
  const named = new Set([...Object.values(registry.tags), ...Object.values(newestSeen)]);
  return { ...registry, versions: registry.versions.filter(({ version }) => named.has(version)) };
}

export function registryFacts(
  { registry, newestSeen }: Remembered,
  { channel }: Settings,
): RegistryFacts | null {
  return registry && { ...registry, newestSeen: newestSeen[channel] ?? null };
}
