import { appendFileSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readDevice, readTranscripts, SESSIONS } from './files.js';

/** Directory where the gateway keeps its state. */
export function statePath(env) {
  return env.OPENCLAW_STATE_DIR || join(env.HOME || homedir(), '.openclaw');
}

/**
 * State of an older version: only files. It sees nothing of what a newer one has moved into databases, and starts
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

/** The state as this version knows it; a version that migrates does so first, or throws. */
export async function openState({ version, behaviour, env, packageRoot }) {
  const directory = statePath(env);
  if (!behaviour.migratesTo) return stateInFiles(directory, version);
  const { loadSqlite } = await import('./sqlite.js');
  await loadSqlite();
  const { openDatabases } = await import('./databases.js');
  return openDatabases({ directory, version, behaviour, packageRoot });
}
