import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the gateway keeps what it knows. */
export function statePath(env) {
  return env.OPENCLAW_STATE_DIR || join(env.HOME || homedir(), '.openclaw');
}

/** Conversations as files with one line a sentence, below `agents/main/`. */
export const SESSIONS = 'agents/main/sessions';

/** Every sentence in the transcripts of a state directory, oldest first in each. */
export function readTranscripts(directory) {
  const sessions = join(directory, SESSIONS);
  if (!existsSync(sessions)) return [];
  return readdirSync(sessions)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(sessions, name), 'utf8').trim().split('\n').filter(Boolean))
    .map((line) => JSON.parse(line));
}

/** The name of this installation, or null where there is none. */
export function readDevice(directory) {
  const path = join(directory, 'identity/device.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).deviceId : null;
}

/**
 * What an older version knows: only files. Of what a newer one has moved into databases it sees nothing, and starts
 * all the same.
 */
function stateInFiles(directory, version) {
  return {
    device: () => readDevice(directory),
    said: () => readTranscripts(directory),
    say(text) {
      mkdirSync(join(directory, SESSIONS), { recursive: true });
      appendFileSync(join(directory, SESSIONS, 'main.jsonl'), `${JSON.stringify({ by: version, text })}\n`);
    },
  };
}

/** The state as this version knows it; one that migrates does so first, or throws. */
export async function openState({ version, behaviour, env, packageRoot }) {
  const directory = statePath(env);
  if (!behaviour.migratesTo) return stateInFiles(directory, version);
  const { loadSqlite } = await import('./sqlite.js');
  await loadSqlite();
  const { openDatabases } = await import('./databases.js');
  return openDatabases({ directory, version, behaviour, packageRoot });
}
