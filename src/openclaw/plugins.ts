import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { compareVersions } from '../core/version.js';
import type { Plugin, PluginPlace } from './plugin.js';
import { hasPlugins, packagesIn, pluginProjects } from './plugin-folders.js';
import { type InstallRecord, readIndex } from './plugin-index.js';

interface PluginPackage {
  version?: unknown;
  openclaw?: { compat?: { pluginApi?: unknown } };
}

/**
 * Lists installed plugins by id. Starts no program of OpenClaw, and no process at all when nothing is installed.
 * @param version release that is to run them; finds plugins that need a newer one
 * @throws ReleasesError `write_failed` (the list cannot be read), `interrupted`
 */
export async function listPlugins(
  place: PluginPlace,
  version: string | null,
  signal?: AbortSignal,
): Promise<Plugin[]> {
  if (!hasPlugins(place.state)) return [];
  const { records, disabled } = await readIndex(place, signal);
  // Finds unrecorded plugins by their files: copied by hand, or by a release with its list elsewhere.
  const found = Object.entries({ ...unrecorded(place.state), ...records });
  return found
    .map(([id, record]) => {
      const about = readPackage(record.installPath);
      const told = typeof about?.version === 'string' ? about.version : (record.version ?? null);
      const source = [record.source ?? 'unknown', record.spec ?? record.sourcePath ?? '']
        .filter(Boolean)
        .join(' ');
      const enabled = !disabled.has(id);
      return { id, version: told, source, enabled, problem: problemOf(record, about, version) };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function problemOf(
  { installPath }: InstallRecord,
  about: PluginPackage | null,
  version: string | null,
): string | null {
  if (installPath === undefined) return null;
  if (!existsSync(installPath)) return `Its files are not at ${installPath}.`;
  const needed = /^>=\s*(\S+)$/.exec(String(about?.openclaw?.compat?.pluginApi ?? ''))?.[1];
  if (needed === undefined || version === null || !isOlder(version, needed)) return null;
  return `It needs OpenClaw ${needed} or newer.`;
}

function isOlder(version: string, needed: string): boolean {
  try {
    return compareVersions(version, needed) < 0;
  } catch {
    // OpenClaw itself judges other kinds of range.
    return false;
  }
}

function unrecorded(state: string): Record<string, InstallRecord> {
  const found: Record<string, InstallRecord> = {};
  for (const project of pluginProjects(state)) {
    for (const installPath of [project, ...packagesIn(project)]) {
      const manifest = readJson(join(installPath, 'openclaw.plugin.json')) as { id?: unknown } | null;
      if (typeof manifest?.id === 'string') found[manifest.id] = { source: 'files', installPath };
    }
  }
  return found;
}

function readPackage(directory: string | undefined): PluginPackage | null {
  return directory === undefined ? null : (readJson(join(directory, 'package.json')) as PluginPackage | null);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readPlainFile(path, LARGEST, { follow: true }).toString());
  } catch {
    return null;
  }
}
