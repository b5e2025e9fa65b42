import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { writeTree } from './place.js';
import type { World } from './world.js';

/** The name of an installation, as older versions keep it in a file. */
export const DEVICE = 'device-of-before';

/** One thing that was said to the gateway, and the version that heard it. */
export interface Said {
  by: string;
  text: string;
}

/** Files of a state directory, without its databases. */
const FILES = {
  'identity/device.json': JSON.stringify({ deviceId: DEVICE }),
  'agents/main/sessions/early.jsonl': `${JSON.stringify({ by: 'before', text: 'the first thing said' })}\n`,
  'agents/main/sessions/sessions.json': JSON.stringify({ early: { sessionFile: 'early.jsonl' } }),
  'credentials/channel.json': '{"secret":"of a channel"}',
  'openclaw.json.last-good': '{}',
  'media/photograph.jpg': 'bytes of a photograph',
  'workspace/notes.md': 'notes of the agent',
  'logs/gateway.log': 'a line',
};

/** Answer of `GET /said`: which version answers, whose installation it is, and what it remembers. */
export interface Memory {
  device: string | null;
  said: Said[];
}

/** A process that wrote and was killed: what it wrote stands in the log beside the database. */
const LEAVE_LOG = `
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1]);
database.exec("PRAGMA journal_mode = WAL; CREATE TABLE runs (what TEXT); INSERT INTO runs VALUES ('a task')");
process.kill(process.pid, 'SIGKILL');
`;

/** Reads every database that it is given, opened as a reader: versions, and all rows of all tables. */
const DUMP = `
const { DatabaseSync } = require('node:sqlite');
const dumps = JSON.parse(process.argv[1]).map((path) => {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const rows = tables.map(({ name }) => [name, database.prepare('SELECT * FROM "' + name + '"').all()]);
  return { version: database.prepare('PRAGMA user_version').get().user_version, ...Object.fromEntries(rows) };
});
console.log(JSON.stringify(dumps));
`;

/** Fills the state directory of a world as an older version does, with files and a database. */
export async function writeOldState(world: World): Promise<void> {
  const directory = stateOf(world);
  writeTree(directory, { ...FILES, 'tasks/.keep': '' });
  await execa(world.node, ['-e', LEAVE_LOG, join(directory, 'tasks/runs.sqlite')], { reject: false });
}

export function stateOf(world: World): string {
  return world.env.OPENCLAW_STATE_DIR ?? '';
}

/** Sends a message to the gateway of a world, which remembers it in its state. */
export async function say(world: World, text: string, signal?: AbortSignal): Promise<void> {
  const response = await fetch(`${world.url}/say?text=${encodeURIComponent(text)}`, {
    method: 'POST',
    headers: { connection: 'close' },
    ...(signal && { signal }),
  });
  if (!response.ok) throw new Error(`The gateway did not take it: ${await response.text()}`);
}

/** Memory of a world's gateway: it tells whose state it runs on. */
export async function memoryOf(world: World): Promise<Memory> {
  const answer = await world.get('/said');
  if (answer?.status !== 200) throw new Error(`The gateway does not tell: ${JSON.stringify(answer)}`);
  return answer.body as Memory;
}

/** The words of everything that was said, in their order. */
export async function wordsOf(world: World): Promise<string[]> {
  return (await memoryOf(world)).said.map(({ text }) => text);
}

/**
 * Content of a directory, so that two states can be compared: the sha256 of each file, the target of each link, and
 * of each database what it says, since the same rows can be other bytes.
 * @param leave paths that start with one of these are left out
 */
export async function contentOf(
  directory: string,
  node: string,
  leave: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  const databases: string[] = [];
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const whole = join(directory, path);
    const stats = lstatSync(whole);
    if (leave.some((start) => path.startsWith(start)) || stats.isDirectory()) continue;
    if (stats.isSymbolicLink()) content[path] = `-> ${readlinkSync(whole)}`;
    else if (/\.sqlite-(wal|shm)$/.test(path)) continue;
    else if (path.endsWith('.sqlite')) databases.push(path);
    else content[path] = createHash('sha256').update(readFileSync(whole)).digest('hex');
  }
  const dumps = await dumpOf(
    node,
    databases.map((path) => join(directory, path)),
  );
  for (const [index, dump] of dumps.entries()) content[databases[index] ?? ''] = dump;
  return content;
}

/** Version, and all rows of all tables, of each database. */
// biome-ignore lint/suspicious/noExplicitAny: the rows of any table
export async function dumpOf(node: string, databases: string[]): Promise<Record<string, any>[]> {
  const { stdout } = await execa(node, ['-e', DUMP, JSON.stringify(databases)]);
  return JSON.parse(stdout);
}

/** Grow with each start and with each migration; neither is taken back. */
const GROWING = ['starts.jsonl', 'agents/main/session-sqlite-import-archive'];

/** Everything in the state of a world that a restore brings back or leaves alone. */
export function wholeState(world: World): Promise<Record<string, unknown>> {
  return contentOf(stateOf(world), world.node, GROWING);
}

/** Content of a snapshot in a world, by the paths that it would be restored to. */
export function keptContent(world: World, name: string): Promise<Record<string, unknown>> {
  return contentOf(join(world.root, 'states', name, 'files'), world.node, GROWING);
}

/** The names of the files by which a root says that state is to be exchanged; none are left when no change is active. */
export function exchangeFiles(world: World): string[] {
  return ['trial-restore.json', 'restore.json'].filter((name) => existsSync(join(world.root, name)));
}
