import { compareVersions } from '../../core/version.js';
import { whyYanked } from '../../store/yanked.js';
import { isOfChannel, isVersion, publishedAs } from './candidate.js';
import type { Question } from './decision.js';
import { endOf, isMadeByPerson } from './history.js';
import { no, pass, type RuleResult, wait } from './result.js';
import { HOUR, shown, timeOf } from './time.js';

/** An older answer may name a release that was deprecated since. */
const FRESH_FOR_MS = 2 * HOUR;
/** Difference between the registry's clock and ours. Less proves nothing: answers take time. */
const CLOCKS_DIFFER_MS = HOUR;

const NOTHING = pass('There is no release to ask about.');

export const releaseRules = {
  registry({ registry, clock: { now } }: Question): RuleResult {
    if (registry === null) return wait('The registry has not been asked, or has not answered.');
    const askedAt = timeOf(registry.askedAt);
    if (askedAt === null) return no('It is not known when the registry was asked.');
    if (Math.abs(now - askedAt) > FRESH_FOR_MS)
      return wait(`The registry was asked last at ${shown(askedAt)}, and may say something else now.`);
    const saidAt = timeOf(registry.saidAt);
    if (saidAt !== null && Math.abs(saidAt - askedAt) > CLOCKS_DIFFER_MS)
      return wait(
        `It is ${shown(askedAt)} here and ${shown(saidAt)} for the registry; one of the clocks is wrong.`,
      );
    return pass('The registry has answered.');
  },

  available(question: Question): RuleResult {
    const { candidate, registry, settings, gateway } = question;
    const { version, published } = candidate;
    if (registry === null) return NOTHING;
    if (version === null) return no(`The registry names no release for the channel ${settings.channel}.`);
    if (!isOfChannel(settings.channel, version)) return no(`${version} is not a stable release.`);
    if (published === null) return no(`${version} is not published any more.`);
    if (published.deprecated)
      return no(
        `${version} was taken back by its publisher: ${published.deprecated.trim().replace(/\.*$/, '.')}`,
      );
    if (gateway.running === null) return pass(`The channel ${settings.channel} offers ${version}.`);
    if (!isVersion(gateway.running))
      return no(`${JSON.stringify(gateway.running)}, which runs, cannot be compared.`);
    const order = compareVersions(version, gateway.running);
    if (order === 0) return no(`${version} runs already.`);
    if (order < 0) return no(`${version} is older than ${gateway.running}, which runs.`);
    return newestSeen(question, version);
  },

  pinned({ policy, gateway: { running } }: Question): RuleResult {
    if (running !== null && policy.pins.includes(running)) return no(`${running} is pinned.`);
    return pass('What runs is not pinned.');
  },

  skipped({ candidate: { version }, settings }: Question): RuleResult {
    if (version === null) return NOTHING;
    return settings.skip.includes(version)
      ? no(`${version} is to be skipped.`)
      : pass(`${version} is not skipped.`);
  },

  yanked({ candidate: { version }, policy: { yanked = null }, clock: { now } }: Question): RuleResult {
    if (yanked === null) return pass('There is no list of yanked releases here.');
    const expiresAt = timeOf(yanked.expiresAt);
    if (expiresAt === null || expiresAt <= now)
      return wait(
        `The list of yanked releases expired${expiresAt === null ? '' : ` at ${shown(expiresAt)}`}; a newer one is needed: openclaw-releases yanked <file>`,
      );
    if (version === null) return NOTHING;
    // The registry's answer has no checksums: a version of which one archive is yanked is left to a person.
    const why = whyYanked(yanked, { version, integrity: '' });
    return why === null ? pass(`${version} is not yanked.`) : no(`${version} is yanked: ${why}`);
  },

  quarantined({ candidate: { version }, policy, clock: { now } }: Question): RuleResult {
    if (version === null) return NOTHING;
    const entry = Object.hasOwn(policy.quarantine, version) ? policy.quarantine[version] : undefined;
    if (entry === undefined) return pass(`${version} has not failed here.`);
    const until = timeOf(entry.until);
    if (until === null) return no(`${version} failed here, and it is not known for how long that counts.`);
    if (until <= now) return pass(`${version} failed here; that counted until ${shown(until)}.`);
    return wait(`${version} failed here and is in quarantine until ${shown(until)}.`, until);
  },

  manualRollback({ candidate: { version }, history }: Question): RuleResult {
    if (version === null) return NOTHING;
    const last = history.findLast(
      (entry) => isMadeByPerson(entry) && (entry.from === version || entry.to === version),
    );
    if (last?.from !== version || last.to === version || !isOlder(last.to, version))
      return pass(`Nobody rolled back ${version} by hand.`);
    return no(`A person rolled ${version} back to ${last.to} on ${shown(endOf(last))}.`);
  },
};

/**
 * A registry that names an older release than before may be a stale mirror, or may lie. If it still has the newer one,
 * the publisher moved the tag back.
 */
function newestSeen({ registry, settings }: Question, version: string): RuleResult {
  const seen = registry?.newestSeen ?? null;
  if (registry === null || seen === null || !isVersion(seen) || compareVersions(version, seen) >= 0)
    return pass(`The channel ${settings.channel} offers ${version}.`);
  if (publishedAs(registry, seen))
    return pass(`The channel ${settings.channel} returned from ${seen} to ${version}.`);
  return no(`The registry names ${version}, and named ${seen} before, which it does not have now.`);
}

function isOlder(release: string | null, version: string): boolean {
  return release !== null && isVersion(release) && compareVersions(release, version) < 0;
}
