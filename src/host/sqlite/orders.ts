/** Orders to the SQLite worker, done one after the other. Paths are absolute. */
export type SqliteOrder =
  | { kind: 'version'; database: string }
  /** SQLite's online backup, safe while others read and write; `to` must not exist. */
  | { kind: 'copy'; database: string; to: string }
  | { kind: 'rows'; database: string; tables: Selection[] }
  /** Puts rows in place of the selected ones; processes that have the database open see an ordinary write. */
  | { kind: 'replace'; database: string; tables: Selection[]; rows: TableRow[] };

export interface Selection {
  table: string;
  where: string;
}

export interface TableRow {
  table: string;
  row: Record<string, string | number | null>;
}

/** Answers, one for each order. */
export type SqliteResult =
  | { kind: 'version'; version: number }
  /** `damaged` is SQLite's complaint about a database that was already damaged before the copy, or null. */
  | { kind: 'copied'; size: number; sha256: string; damaged: string | null }
  | { kind: 'rows'; rows: TableRow[] }
  /** Only for `version` and `copy`: the file vanished, or only looks like a database. */
  | { kind: 'absent'; why: 'gone' | 'no-database' };
