import { valid } from 'semver';
import { compareVersions, isStable } from '../../core/version.js';
import type { Published, RegistryFacts } from './facts.js';
import type { Channel, Settings } from './settings.js';

export interface Candidate {
  version: string | null;
  published: Published | null;
}

const TAGS: Record<Channel, string[]> = { stable: ['latest'], beta: ['beta', 'latest'] };

/** Chooses the newest version named by the channel's tags; on `beta` a deprecated version yields to the other tag's. */
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

export function publishedAs(registry: RegistryFacts, version: string): Published | null {
  return registry.versions.find((one) => one.version === version) ?? null;
}

export function isVersion(version: string): boolean {
  return valid(version) !== null;
}

/** A tag that names a beta by mistake does not make it stable. */
export function isOfChannel(channel: Channel, version: string): boolean {
  return channel === 'beta' || isStable(version);
}
