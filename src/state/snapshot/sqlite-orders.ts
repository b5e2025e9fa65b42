/** Orders to the SQLite worker, done one after the other. Paths are absolute. */
export type SqliteOrder =
  | { kind: 'version'; database: string }
  /** SQLite's online backup, safe while others read and write; `to` must not exist. */
  | { kind: 'copy'; database: string; to: string };

/** Answers, one line of JSON each; each order gets exactly one besides `progress`. */
export type SqliteAnswer =
  /** Bytes copied of the current database. */
  | { kind: 'progress'; bytes: number }
  | { kind: 'version'; version: number }
  /** `damaged` is SQLite's complaint about a database that was already damaged before the copy, or null. */
  | { kind: 'copied'; size: number; sha256: string; damaged: string | null }
  | { kind: 'failed'; database: string; why: Failure; message: string };

/** `gone`: the file vanished; `no-database`: it only looks like one. */
export type Failure = 'busy' | 'gone' | 'no-database' | 'other';

export function isPassedOver(why: Failure): boolean {
  return why === 'gone' || why === 'no-database';
}
