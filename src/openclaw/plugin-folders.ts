import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../core/errors.js';

/** A directory that holds packages, as far as such a directory can be a scope (`@openclaw`) or a package. */
const SCOPE = '@';

/** Whether anything is installed in the ways that OpenClaw installs plugins: a look at four directories, no more. */
export function hasPlugins(state: string): boolean {
  return pluginProjects(state).length > 0;
}

/**
 * Every directory that plugins are installed in, one each or a common one: npm projects (a newer release makes
 * another generation of one beside it), the older common npm directory, extracted archives and git clones.
 */
export function pluginProjects(state: string): string[] {
  const common = join(state, 'npm');
  return [
    ...folders(join(common, 'projects')),
    ...(folders(join(common, 'node_modules')).length > 0 ? [common] : []),
    ...folders(join(state, 'extensions')),
    ...folders(join(state, 'git')),
  ];
}

/** The packages in the `node_modules` of a directory, by their paths, scopes looked into. */
export function packagesIn(directory: string): string[] {
  return folders(join(directory, 'node_modules')).flatMap((path) =>
    path.slice(path.lastIndexOf('/') + 1).startsWith(SCOPE) ? folders(path) : [path],
  );
}

/** Directories in a directory, by their paths; what OpenClaw and npm hide with a dot is work in progress. */
function folders(directory: string): string[] {
  return entries(directory)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(directory, name));
}

function entries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
