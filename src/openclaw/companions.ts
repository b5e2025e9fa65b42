import type { Plugin } from './plugin.js';

/** A plugin of OpenClaw itself that was installed in the version of the release beside it. */
export interface Companion {
  package: string;
  version: string;
  /** Null where the registry does not tell. */
  isPublished: boolean | null;
}

/** Asks a registry for the versions of a package; null without an answer. Never throws. */
export type AskVersions = (name: string) => Promise<readonly string[] | null>;

const OFFICIAL = /@openclaw\/[a-z0-9][a-z0-9._-]*/;

/**
 * Finds out if the plugins that came in step with the running release are published for another one. A plugin with a
 * version of its own is none of these: OpenClaw's publisher does not owe one for each release.
 * @param plugins those installed, as `listPlugins` returns them
 */
export async function companionsOf(
  plugins: readonly Plugin[],
  from: string,
  to: string,
  ask: AskVersions,
): Promise<Companion[]> {
  const found = plugins.flatMap(({ source, version, enabled }) => {
    const [name] = OFFICIAL.exec(source) ?? [];
    const isInStep = version !== null && uncorrected(version) === uncorrected(from);
    return name && enabled && isInStep ? [{ name, version, isOnNpm: source.startsWith('npm ') }] : [];
  });
  return Promise.all(
    found.map(async ({ name, version, isOnNpm }) => {
      const versions = isOnNpm ? await ask(name) : null;
      const isPublished = versions?.some((one) => uncorrected(one) === uncorrected(to)) ?? null;
      return { package: name, version, isPublished };
    }),
  );
}

/** A correction of OpenClaw, such as 2026.7.1-2, has the plugins of 2026.7.1. */
function uncorrected(version: string): string {
  return version.replace(/\+.*$/, '').replace(/-\d+$/, '');
}
