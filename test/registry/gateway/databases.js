import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDevice, readTranscripts, SESSIONS } from './files.js';
import { loadSqlite, userVersion } from './sqlite.js';

const ARCHIVE = 'agents/main/session-sqlite-import-archive';
const { DatabaseSync } = await loadSqlite();

/** The databases of the real thing, by the names that `migratesTo` has for them. */
const DATABASES = {
  state: { path: 'state/openclaw.sqlite', what: 'state' },
  agent: { path: 'agents/main/agent/openclaw-agent.sqlite', what: 'agent' },
};

/** The words of the real one. */
export function newerSchema({ path, what, found, known, version, packageRoot }) {
  return [
    'This OpenClaw build cannot open your existing data.',
    `OpenClaw ${what} database ${path} uses newer schema version ${found}; this build supports ${known}.`,
    `Refused by OpenClaw ${version} (test) installed at ${fileURLToPath(packageRoot).replace(/\/$/, '')}.`,
    `Use a build that supports schema ${found} or newer with this state directory. To use an older build, restore your pre-update backup created with openclaw backup.`,
  ].join('\n');
}

function open(directory, { path }) {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  const database = new DatabaseSync(join(directory, path));
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL');
  return database;
}

/**
 * Refuses before anything is written: a version that is too old leaves the state as it found it.
 * @throws Error with `newerData`
 */
function checkVersions({ directory, version, behaviour, packageRoot }) {
  for (const [name, { path, what }] of Object.entries(DATABASES)) {
    if (!existsSync(join(directory, path))) continue;
    const database = new DatabaseSync(join(directory, path));
    const found = userVersion(database);
    database.close();
    const known = behaviour.migratesTo[name];
    if (found <= known) continue;
    const words = newerSchema({ path: join(directory, path), what, found, known, version, packageRoot });
    throw Object.assign(new Error(words), { newerData: true });
  }
}

/** Raises the version and takes in what lies beside it, both or neither. */
function migrate(database, to, tables, takeIn) {
  if (userVersion(database) >= to) return;
  database.exec(`BEGIN IMMEDIATE; ${tables}`);
  takeIn();
  database.exec(`PRAGMA user_version = ${to}; COMMIT`);
}

function archiveTranscripts(directory) {
  const sessions = join(directory, SESSIONS);
  if (!existsSync(sessions)) return;
  mkdirSync(join(directory, ARCHIVE), { recursive: true });
  for (const name of readdirSync(sessions)) {
    renameSync(join(sessions, name), join(directory, ARCHIVE, `${name}.imported-${Date.now()}`));
  }
}

function retireTasks(directory) {
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(directory, `tasks/runs.sqlite${suffix}`);
    if (existsSync(path)) renameSync(path, `${path}.migrated`);
  }
}

/** Opens the state as a version with databases does: what older ones left in files is moved into them. */
export function openDatabases({ directory, version, behaviour, packageRoot }) {
  checkVersions({ directory, version, behaviour, packageRoot });
  const state = open(directory, DATABASES.state);
  migrate(
    state,
    behaviour.migratesTo.state,
    'CREATE TABLE IF NOT EXISTS device (id TEXT); CREATE TABLE IF NOT EXISTS migrated (by TEXT);',
    () => {
      state.prepare('INSERT INTO migrated VALUES (?)').run(version);
      const device = readDevice(directory);
      if (device !== null) state.prepare('INSERT INTO device VALUES (?)').run(device);
    },
  );
  rmSync(join(directory, 'identity/device.json'), { force: true });
  retireTasks(directory);
  if (behaviour.crashMidMigration) throw new Error('crashed between two migrations, as it was asked to');

  const agent = open(directory, DATABASES.agent);
  const insert = () => agent.prepare('INSERT INTO said (by, text) VALUES (?, ?)');
  migrate(agent, behaviour.migratesTo.agent, 'CREATE TABLE IF NOT EXISTS said (by TEXT, text TEXT);', () => {
    for (const { by, text } of readTranscripts(directory)) insert().run(by, text);
  });
  archiveTranscripts(directory);
  return {
    device: () => state.prepare('SELECT id FROM device').get()?.id ?? null,
    said: () => agent.prepare('SELECT by, text FROM said ORDER BY rowid').all(),
    say: (text) => void insert().run(version, text),
  };
}
