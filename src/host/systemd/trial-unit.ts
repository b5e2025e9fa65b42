import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { busEnvironment, type Scope, systemctl } from './systemctl.js';
import { showUnit } from './unit.js';
import type { Setting } from './unit-file.js';
import { escapeQuoted, quoteProgram } from './unit-template.js';

const LIMIT_S = 20;

export interface TrialUnit {
  scope: Scope;
  /** Settings of `[Service]`, as in a unit file. */
  settings: readonly Setting[];
  /** Absolute program and its arguments. */
  argv: readonly string[];
}

/**
 * Runs a program once in a unit of its own with these settings, and leaves nothing of it. A unit file, and not
 * `systemd-run`: systemd then reads the settings as it reads those of any unit, specifiers and resets too.
 * @returns exit code of the program, or of systemd where it cannot start it (systemd.exec(5)); 128 and more for signals
 * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`
 */
export async function runTrialUnit({ scope, settings, argv }: TrialUnit): Promise<number> {
  const unit = `openclaw-releases-trial-${randomBytes(4).toString('hex')}.service`;
  const directory = runtimeDirectory(scope);
  const path = join(directory, unit);
  const [program = '', ...args] = argv;
  const lines = [
    '[Service]',
    ...settings.map(({ key, value }) => `${key}=${value}`),
    'Type=oneshot',
    `TimeoutStartSec=${LIMIT_S}`,
    `ExecStart=${[quoteProgram(program), ...args.map(quoteText)].join(' ')}`,
    '',
  ];
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, lines.join('\n'), { mode: 0o644, flag: 'wx' });
    const { ok, stderr } = await systemctl(scope, 'start', '--', unit);
    if (ok) return 0;
    const { lastExit } = await showUnit({ scope, unit });
    await systemctl(scope, 'reset-failed', '--', unit);
    if (lastExit === null) {
      throw new ReleasesError('supervisor_failed', `systemd did not start a trial: ${stderr}`);
    }
    return lastExit.code ?? SIGNALLED;
  } finally {
    rmSync(path, { force: true });
  }
}

/** Exit code for a program that a signal has ended, such as that of a forbidden call. */
const SIGNALLED = 128;

function runtimeDirectory(scope: Scope): string {
  if (scope === 'system') return '/run/systemd/system';
  const { XDG_RUNTIME_DIR = '' } = busEnvironment(scope);
  return join(XDG_RUNTIME_DIR, 'systemd/user');
}

/** As `quoteArgument`, and with line breaks. */
function quoteText(text: string): string {
  const lines = text.split('\n').map((line) => escapeQuoted(line).replaceAll('$', '$$$$'));
  return `"${lines.join('\\n')}"`;
}
