import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { packagesIn, pluginProjects } from './plugin-folders.js';

export interface PeerLink {
  /** Package that owns the link, such as `@openclaw/matrix`, else its directory. */
  plugin: string;
  path: string;
  target: string;
}

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
 * Finds links that do not lead to the release with this program: the plugin runs on the code of another release, or on
 * none after that release is removed.
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
 * Releases that plugins still link into, each with the name of one such plugin, which would break without it.
 * @param releases absolute path of the releases of the root
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
    // The link is absent, or a directory: npm may have installed a copy.
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
