import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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
