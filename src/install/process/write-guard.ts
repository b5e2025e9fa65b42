import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../../host/exec.js';

/** The superuser may write to read-only files by this capability alone. */
const WITHOUT_OVERRIDE = ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override', '--'];

const TIMEOUT_MS = 10_000;

/**
 * Finds the words before a command under which it cannot write to read-only files, as tried in `directory`: none for an
 * ordinary user. Install scripts run so beside files that kept releases share.
 * @returns null where even `setpriv` has no such effect
 */
export async function writeGuard(directory: string): Promise<string[] | null> {
  const file = join(directory, '.write-guard');
  writeFileSync(file, '', { mode: 0o444 });
  try {
    for (const guard of [[], WITHOUT_OVERRIDE]) {
      const [program = '', ...args] = [...guard, 'sh', '-c', '! (: >>"$1") 2>/dev/null', 'sh', file];
      if ((await exec(program, args, { env: process.env, timeoutMs: TIMEOUT_MS })).ok) return guard;
    }
    return null;
  } finally {
    rmSync(file, { force: true });
  }
}
