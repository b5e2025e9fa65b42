/** What the process that has SQLite is asked, one after the other. Paths are absolute. */
export type SqliteOrder =
  | { kind: 'version'; database: string }
  /** A copy made by SQLite itself, while others read and write; `to` must not exist. */
  | { kind: 'copy'; database: string; to: string };

/** What it answers, one line of JSON each; for every order one that is not `progress`. */
export type SqliteAnswer =
  /** Bytes of the database that is being copied. */
  | { kind: 'progress'; bytes: number }
  | { kind: 'version'; version: number }
  /** `damaged` is what SQLite says is wrong with the database and with its copy alike, or null. */
  | { kind: 'copied'; size: number; sha256: string; damaged: string | null }
  | { kind: 'failed'; database: string; why: Failure; message: string };

/** `gone`: there is no such file any more; `no-database`: it only begins as one. */
export type Failure = 'busy' | 'gone' | 'no-database' | 'other';

/** Whether the other orders are carried out all the same. */
export function isPassedOver(why: Failure): boolean {
  return why === 'gone' || why === 'no-database';
}
