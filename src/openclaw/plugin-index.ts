import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import type { PluginPlace } from './plugin.js';
import { runCommand } from './run-tool.js';

const WORKER = ownFile('dist/openclaw/plugin-index-worker.js');

const TIMEOUT_MS = 30_000;

export interface IndexRow {
  table: string;
  row: Record<string, string | number | null>;
}

export interface IndexOrder {
  database: string;
  rows?: IndexRow[];
}

/** OpenClaw's record of an installed plugin; older releases omit members. */
export interface InstallRecord {
  source?: string;
  spec?: string;
  installPath?: string;
  sourcePath?: string;
  version?: string;
}

export interface PluginIndex {
  records: Record<string, InstallRecord>;
  disabled: Set<string>;
}

/** Reads the rows of the index; empty when there is no database, or no Node with SQLite. */
export async function readIndexRows(place: PluginPlace, signal?: AbortSignal): Promise<IndexRow[]> {
  return order(place, {}, signal);
}

/**
 * Restores the rows of the index. Processes that have the database open see an ordinary write.
 * @throws ReleasesError `write_failed`, `interrupted`
 */
export async function writeIndexRows(
  place: PluginPlace,
  rows: IndexRow[],
  signal?: AbortSignal,
): Promise<void> {
  await order(place, { rows }, signal);
}

/**
 * Reads the index from a file (2026.5), a table (2026.6) or a row among others (2026.9). An old copy stays when a newer
 * release has run, so the latest counts.
 */
export async function readIndex(place: PluginPlace, signal?: AbortSignal): Promise<PluginIndex> {
  const stored = [fromFile(place.state), ...(await readIndexRows(place, signal)).map(fromRow)];
  const [latest] = stored
    .filter((index) => index !== null)
    .sort((a, b) => Number(b.generatedAtMs ?? 0) - Number(a.generatedAtMs ?? 0));
  const disabled = (latest?.plugins ?? []).filter(({ enabled }) => enabled === false);
  return {
    records: latest?.installRecords ?? {},
    disabled: new Set(disabled.map(({ pluginId }) => pluginId)),
  };
}

interface StoredIndex {
  generatedAtMs?: number;
  installRecords?: Record<string, InstallRecord>;
  plugins?: { pluginId: string; enabled?: boolean }[];
}

function fromFile(state: string): StoredIndex | null {
  try {
    return parsed(readPlainFile(join(state, 'plugins/installs.json'), LARGEST, { follow: true }).toString());
  } catch {
    return null;
  }
}

function fromRow({ row }: IndexRow): StoredIndex | null {
  if (typeof row.value_json === 'string') {
    return (parsed(row.value_json) as { index?: StoredIndex } | null)?.index ?? null;
  }
  return {
    generatedAtMs: Number(row.generated_at_ms),
    installRecords: parsed(row.install_records_json) ?? {},
    plugins: (parsed(row.plugins_json) as StoredIndex['plugins'] | null) ?? [],
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a file of OpenClaw's, of which each release knows other members
function parsed(text: unknown): any {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

async function order(
  { state, node }: PluginPlace,
  request: Omit<IndexOrder, 'database'>,
  signal: AbortSignal | undefined,
): Promise<IndexRow[]> {
  const database = join(state, 'state/openclaw.sqlite');
  if (node === null || !existsSync(database)) return [];
  const { ok, stdout, output, problem } = await runCommand(node, [WORKER], {
    cwd: '/',
    env: { NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
    timeoutMs: TIMEOUT_MS,
    signal,
    input: JSON.stringify({ database, ...request }),
  });
  if (ok) return JSON.parse(stdout) as IndexRow[];
  const why = /^\w*Error: .*$/m.exec(output)?.[0] ?? problem;
  throw new ReleasesError('write_failed', `The list of plugins in ${database} could not be used: ${why}.`, {
    hint: `ls -l '${database}'*`,
  });
}
