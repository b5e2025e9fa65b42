import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readPlainFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { compareVersions, isVersion } from '../core/version.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';

/** File in the state directory that OpenClaw reads on SIGTERM and removes; it counts for one process and one minute. */
const FILE = 'gateway-restart-intent.json';

const MAX_BYTES = 1024;

/** First version that looks for it elsewhere. */
const BEFORE = '2026.7.1';

/** Variables by which those versions know that a service manager starts them again. Without one they stay in their process. */
const SUPERVISED = ['OPENCLAW_SYSTEMD_UNIT', 'INVOCATION_ID', 'SYSTEMD_EXEC_PID', 'JOURNAL_STREAM'];

/** Reason why a version cannot learn from a file that its next SIGTERM is a restart; null when it can. */
export function whyNoIntent(version: string | null, env: Record<string, string>): string | null {
  if (!isVersion(version)) return 'it does not say its version';
  if (compareVersions(version, BEFORE) >= 0) return `${version} has no way to be told`;
  if (env.OPENCLAW_NO_RESPAWN?.trim()) return 'OPENCLAW_NO_RESPAWN keeps it in its process';
  if (SUPERVISED.some((name) => env[name]?.trim())) return null;
  return `${version} would stay in its process without systemd`;
}

/**
 * Writes the intent in the place of OpenClaw's own command, which then restarts the service likewise.
 * @param directory state directory
 * @returns withdraws it, unless it was used
 */
export function writeRestartIntent(directory: string, pid: number, now = Date.now()): () => void {
  const uid = process.getuid?.();
  if (statSync(directory).uid !== uid) throw new Error('its state belongs to another user');
  const path = join(directory, FILE);
  // Without `force` it drains for five minutes, which the service's own limit ends before it marks any turn.
  const intent = { kind: 'gateway-restart', pid, createdAt: now, reason: 'openclaw-releases', force: true };
  const text = `${JSON.stringify(intent)}\n`;
  writeFileDurably(path, text, 0o600);
  return () => {
    ifPossible(() => {
      if (readPlainFile(path, MAX_BYTES).toString() === text) removeDurably(path);
    });
  };
}
