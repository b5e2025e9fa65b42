import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { packagesIn, pluginProjects } from './plugin-folders.js';

/** OpenClaw's own package as a plugin sees it: a link that points into the release that installed the plugin. */
export interface PeerLink {
  /** The package that the link belongs to, or the directory where that is no package: `@openclaw/matrix`. */
  plugin: string;
  /** The link itself; absolute. */
  path: string;
  /** What it points to; absolute, whether that is there or not. */
  target: string;
}

/** All links from installed plugins to OpenClaw's package. */
function peerLinks(state: string): PeerLink[] {
  return pluginProjects(state)
    .flatMap((project) => [project, ...packagesIn(project)])
    .flatMap((directory) => {
      const path = join(directory, 'node_modules/openclaw');
      const target = linkTarget(path);
      return target === null ? [] : [{ plugin: packageName(directory), path, target }];
    });
}

/**
 * Links that do not lead to the release with this program: such a plugin runs on the code of another release, or on
 * none once that is gone.
 * @param main the program of a release, or a link to it
 */
export function linksElsewhere(state: string, main: string): PeerLink[] {
  const program = realpathSync(main);
  return peerLinks(state).filter(({ path }) => {
    const target = realPath(path);
    return target === null || !program.startsWith(target + sep);
  });
}

/**
 * The releases that installed plugins still link into, each with the name of one such plugin. Whoever removes such a
 * release takes OpenClaw's package away from under the plugin.
 * @param state the gateway's state directory
 * @param releases the directory of the root that holds the releases; absolute
 */
export function releasesLinkedByPlugins(state: string, releases: string): Map<string, string> {
  const spellings = [releases, realPath(releases) ?? releases];
  const linked = new Map<string, string>();
  for (const { plugin, target } of peerLinks(state)) {
    for (const directory of spellings) {
      const [id = ''] = relative(directory, target).split(sep);
      if (id !== '' && id !== '..' && !linked.has(id)) linked.set(id, plugin);
    }
  }
  return linked;
}

function packageName(directory: string): string {
  const scope = basename(dirname(directory));
  return scope.startsWith('@') ? `${scope}/${basename(directory)}` : basename(directory);
}

function linkTarget(path: string): string | null {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    // Not there, or a directory: npm may have installed a copy of its own.
    return null;
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
