import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LARGEST, readPlainFile, UnusableFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { sha256 } from '../core/sha256.js';
import { shellWord } from '../core/shell-word.js';
import { writeFileDurably } from '../host/durable.js';
import { exec } from '../host/exec.js';
import type { TableRow } from '../host/sqlite/orders.js';
import { syncFilesystem } from '../host/sync.js';
import { PLUGIN_DIRECTORIES, type PluginPlace } from './plugin.js';
import { readIndexRows, writeIndexRows } from './plugin-index.js';

/** `kept.json`: written last, so a directory that has it is complete. */
interface KeptSet {
  schema: 1;
  directories: (typeof PLUGIN_DIRECTORIES)[number][];
  rows: TableRow[];
  config: boolean;
}

const COPY_MS = 300_000;

const RECORD = 'kept.json';
const CONFIG = 'config';

const SCRATCH = '.openclaw-releases-plugins';

export function isKept(directory: string): boolean {
  return existsSync(join(directory, RECORD));
}

/**
 * Copies the plugin directories, the index and the configuration, for `putBackPluginSet`. Writes only to `directory`,
 * and replaces the rest of an earlier try there.
 * @throws ReleasesError `write_failed` (the index cannot be read), `interrupted`
 */
export async function keepPluginSet(
  place: PluginPlace,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const directories = PLUGIN_DIRECTORIES.filter((name) => existsSync(join(place.state, name)));
  for (const name of directories) await copy(join(place.state, name), directory, signal);
  const config = existsSync(place.config);
  if (config) writeFileDurably(join(directory, CONFIG), readFileSync(place.config), 0o600);
  const rows = await readIndexRows(place, signal);
  const kept: KeptSet = { schema: 1, directories, rows, config };
  await syncFilesystem(directory);
  writeFileDurably(join(directory, RECORD), `${JSON.stringify(kept)}\n`, 0o600);
}

/** Digest that shows later whether the configuration was changed; null when there is none. */
export function configDigest({ config }: PluginPlace): string | null {
  if (!existsSync(config)) return null;
  return sha256(readFileSync(config));
}

/**
 * Restores a kept set; safe to repeat. A running gateway keeps what it has loaded until its next start.
 * @param digest of the configuration as we left it: a later edit is kept
 * @returns sentences about what was not restored
 * @throws ReleasesError `write_failed` (the index cannot be written), `interrupted`
 */
export async function putBackPluginSet(
  place: PluginPlace,
  directory: string,
  digest?: string | null,
  signal?: AbortSignal,
): Promise<string[]> {
  const kept = readKept(join(directory, RECORD));
  const scratch = join(place.state, SCRATCH);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(join(scratch, 'new'), { recursive: true, mode: 0o700 });
  for (const name of kept.directories) await copy(join(directory, name), join(scratch, 'new'), signal);
  await syncFilesystem(scratch);
  mkdirSync(join(scratch, 'old'));
  for (const name of PLUGIN_DIRECTORIES) {
    const live = join(place.state, name);
    if (existsSync(live)) renameSync(live, join(scratch, 'old', name));
    if (kept.directories.includes(name)) renameSync(join(scratch, 'new', name), live);
  }
  await writeIndexRows(place, kept.rows, signal);
  const warnings = putBackConfig(place, directory, kept, digest);
  rmSync(scratch, { recursive: true, force: true });
  return warnings;
}

function readKept(path: string): KeptSet {
  const kept = JSON.parse(readPlainFile(path, LARGEST).toString()) as Partial<KeptSet> | null;
  const { directories, rows, config } = kept ?? {};
  const areOurs =
    Array.isArray(directories) && directories.every((name) => PLUGIN_DIRECTORIES.includes(name));
  if (areOurs && Array.isArray(rows) && typeof config === 'boolean') return kept as KeptSet;
  throw new UnusableFile(path, 'has another shape');
}

function putBackConfig(
  place: PluginPlace,
  directory: string,
  kept: KeptSet,
  digest: string | null | undefined,
): string[] {
  if (!kept.config) return [];
  const before = readPlainFile(join(directory, CONFIG), LARGEST);
  const now = configDigest(place);
  if (now === sha256(before)) return [];
  if (digest !== undefined && now !== digest) {
    return [`${basename(place.config)} was changed by somebody meanwhile and stays as it is.`];
  }
  const mode = existsSync(place.config) ? lstatSync(place.config).mode & 0o777 : 0o600;
  writeFileDurably(place.config, before, mode);
  return [];
}

/**
 * Copies a directory with links, modes and times, and shares blocks where the filesystem can. Node's own copy took
 * eight times as long for the five thousand files of one plugin.
 * @throws ReleasesError `write_failed`, `interrupted`
 */
async function copy(from: string, into: string, signal: AbortSignal | undefined): Promise<void> {
  const { ok, output, how } = await exec('cp', ['-a', '--', from, into], {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    timeoutMs: COPY_MS,
    signal,
  });
  if (ok) return;
  throw new ReleasesError('write_failed', `${from} could not be copied: ${output.trim() || how}.`, {
    hint: `df -h ${shellWord(into)}`,
  });
}
