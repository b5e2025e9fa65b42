/**
 * Node's own SQLite.
 * @throws Error saying so where this Node has none
 */
export async function loadSqlite() {
  try {
    return await import('node:sqlite');
  } catch {
    throw new Error(
      `this version keeps its state in SQLite, which Node ${process.versions.node} does not have`,
    );
  }
}

export function userVersion(database) {
  return database.prepare('PRAGMA user_version').get().user_version;
}
