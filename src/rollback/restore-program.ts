import { ReleasesError, systemCode } from '../core/errors.js';
import { outgoing } from '../core/printable.js';
import { finishRestore } from '../state/restore/restore.js';
import { dropBallastWhenShort } from '../store/ballast.js';
import { rootAt } from '../store/root.js';
import { restoreCode } from './restore-link.js';

/**
 * Source of `bin/restore ROOT`, joined into one file, because no other file of this package may be on disk. The
 * launcher runs it with a release's Node when `restore.json` exists. Exits with 0 when no restore is left.
 */
async function main(): Promise<void> {
  const path = process.argv[2];
  if (path === undefined) throw new Error('Usage: restore ROOT');
  const root = rootAt(path);
  dropBallastWhenShort(root, { all: true });
  const done = await finishRestore(root, restoreCode(root));
  if (done !== null) for (const sentence of [done.why, ...done.warnings]) say(sentence);
}

function say(sentence: string): void {
  process.stderr.write(`openclaw-releases: ${outgoing(sentence)}\n`);
}

// A closed stderr must not stop a restore half way.
process.stderr.on('error', () => {});

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const ours = error instanceof ReleasesError || systemCode(error) === undefined;
  say(ours ? message : `The state could not be exchanged: ${message}.`);
  process.exitCode = 1;
});
