import { valid } from 'semver';
import { compareVersions, isStable } from '../../core/version.js';
import type { Published, RegistryFacts } from './facts.js';
import type { Channel, Settings } from './settings.js';

/** What the channel offers. */
export interface Candidate {
  /** null when it offers nothing. */
  version: string | null;
  /** What the registry says of it; null when it does not have it. */
  published: Published | null;
}

const TAGS: Record<Channel, string[]> = { stable: ['latest'], beta: ['beta', 'latest'] };

/** The newer one of what the channel's tags name; on `beta` a version that was taken back makes room for the other one. */
export function chooseCandidate({
  settings,
  registry,
}: {
  settings: Settings;
  registry: RegistryFacts | null;
}): Candidate {
  if (registry === null) return { version: null, published: null };
  const tags = Object.hasOwn(TAGS, settings.channel) ? TAGS[settings.channel] : [];
  const named = tags
    .flatMap((tag) => {
      const version = Object.hasOwn(registry.tags, tag) ? registry.tags[tag] : undefined;
      return version !== undefined && isVersion(version) ? [version] : [];
    })
    .sort(compareVersions)
    .reverse()
    .map((version): Candidate => ({ version, published: publishedAs(registry, version) }));
  return (
    named.find(({ published }) => published && !published.deprecated) ??
    named[0] ?? { version: null, published: null }
  );
}

/** What the registry says of a version, or null when it does not have it. */
export function publishedAs(registry: RegistryFacts, version: string): Published | null {
  return registry.versions.find((one) => one.version === version) ?? null;
}

/** Whether it is one that can be compared. */
export function isVersion(version: string): boolean {
  return valid(version) !== null;
}

/** Whether the channel may take it: a tag that names a beta by mistake makes no beta stable. */
export function isOfChannel(channel: Channel, version: string): boolean {
  return channel === 'beta' || isStable(version);
}
