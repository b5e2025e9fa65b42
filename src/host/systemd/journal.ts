import { ReleasesError } from '../../core/errors.js';
import { exec } from '../exec.js';
import { typed, type UnitAddress } from './systemctl.js';

/** Milliseconds: a journal of gigabytes on a slow disk. */
const TIMEOUT_MS = 30_000;

/**
 * Reads the end of a unit's journal. It holds all that its processes printed, secrets included.
 * @param lines at most so many
 * @throws ReleasesError `supervisor_failed`
 */
export async function readJournal({ scope, unit }: UnitAddress, lines: number): Promise<string> {
  const args = [`--${scope}`, `--unit=${unit}`, `--lines=${lines}`, '--no-pager', '--output=short-iso'];
  const { ok, stdout, stderr, how } = await exec('journalctl', args, {
    env: process.env,
    timeoutMs: TIMEOUT_MS,
  });
  if (ok) return stdout;
  throw new ReleasesError(
    'supervisor_failed',
    `The journal of ${unit} cannot be read: ${stderr.trim() || how}.`,
    {
      hint: typed(scope, 'status', unit),
    },
  );
}
