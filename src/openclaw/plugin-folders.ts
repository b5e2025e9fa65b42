import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../core/errors.js';

const SCOPE = '@';

export function hasPlugins(state: string): boolean {
  return pluginProjects(state).length > 0;
}

/**
 * Lists the directories that hold installed plugins: npm projects (a newer release creates another generation beside
 * one), the older common npm directory, extracted archives and git clones.
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

export function packagesIn(directory: string): string[] {
  return folders(join(directory, 'node_modules')).flatMap((path) =>
    path.slice(path.lastIndexOf('/') + 1).startsWith(SCOPE) ? folders(path) : [path],
  );
}

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
