import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import type { TableRow } from '../host/sqlite/orders.js';
import { runSqlite } from '../host/sqlite/sqlite.js';
import type { PluginPlace } from './plugin.js';

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
export async function readIndexRows(place: PluginPlace, signal?: AbortSignal): Promise<TableRow[]> {
  return ask(place, { kind: 'rows' }, signal);
}

export async function writeIndexRows(
  place: PluginPlace,
  rows: TableRow[],
  signal?: AbortSignal,
): Promise<void> {
  await ask(place, { kind: 'replace', rows }, signal);
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

function fromRow({ row }: TableRow): StoredIndex | null {
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

const TABLES = [
  { table: 'installed_plugin_index', where: '1' },
  { table: 'config_machine_state', where: "state_key = 'plugins.installedIndex'" },
];

async function ask(
  { state, node }: PluginPlace,
  change: { kind: 'rows' } | { kind: 'replace'; rows: TableRow[] },
  signal: AbortSignal | undefined,
): Promise<TableRow[]> {
  const database = join(state, 'state/openclaw.sqlite');
  if (node === null || !existsSync(database)) return [];
  try {
    const [found] = await runSqlite(node, [{ ...change, database, tables: TABLES }], { signal });
    return found?.kind === 'rows' ? found.rows : [];
  } catch (error) {
    if (!(error instanceof ReleasesError) || error.code === 'interrupted') throw error;
    const message = `The list of plugins in ${database} could not be used: ${error.message}`;
    throw new ReleasesError('write_failed', message, { hint: `ls -l '${database}'*` });
  }
}
