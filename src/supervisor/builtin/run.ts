import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { argument } from '../../core/profile.js';
import { refuseNoexec } from '../../host/executable.js';
import { type BackoffOptions, DEFAULT_BACKOFF } from './backoff.js';
import { claim, endPredecessor } from './claim.js';
import { runDetached } from './detached.js';
import { Monitor } from './monitor.js';
import type { InspectResult } from './protocol.js';
import { removeRunRecord, writeRunRecord } from './record.js';
import { serve } from './server.js';
import { handleSignals } from './signals.js';

/** Milliseconds; what `openclaw gateway install` gives a unit since 2026.8.1, because the gateway drains up to 315 s. */
export const STOP_LIMIT_MS = 330_000;

/** Milliseconds for the gateway where the next one waits for its end; a change has drained it before. */
const RESTART_LIMIT_MS = 60_000;

export interface RunOptions {
  root: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** Milliseconds between SIGTERM and SIGKILL, where `run` is stopped; `STOP_LIMIT_MS` by default. A restart has a minute of it at most. */
  stopLimitMs?: number;
  backoff?: BackoffOptions;
  /** As `GatewayOptions` has it. */
  output?: 1 | 2;
  log?: (line: string) => void;
}

/**
 * Supervises the gateway in the foreground until SIGTERM or SIGINT, or until an exit code that is final.
 * @returns the gateway's exit code, or 128 plus the number of the signal that ended it
 * @throws ReleasesError `root_invalid`, `root_noexec`, `root_unwritable`, `locked`, `supervisor_already_running`
 */
export async function runSupervisor(options: RunOptions): Promise<number> {
  const {
    args,
    env = process.env,
    stopLimitMs = STOP_LIMIT_MS,
    backoff = DEFAULT_BACKOFF,
    output = 1,
  } = options;
  const log = options.log ?? ((line: string) => console.error(line));
  const root = resolve(options.root);
  requireLauncher(join(root, 'bin/gateway'));

  const restartLimitMs = Math.min(RESTART_LIMIT_MS, stopLimitMs);
  const predecessor = await claim(root, log);
  try {
    const monitor = new Monitor({
      root,
      args,
      env,
      stopLimitMs,
      restartLimitMs,
      backoff,
      output,
      log,
      onStart(gateway) {
        const start = { restarts: monitor.inspect().restarts, port: argument(args, 'port') ?? null };
        writeRunRecord(root, { ...gateway, start }, log);
      },
    });
    const server = await serve(root, (request) => {
      if (request.cmd === 'restart') return monitor.restart(request.stopLimitMs ?? restartLimitMs);
      if (request.cmd === 'outside') return runDetached(root, request, log);
      return { ...monitor.inspect(), stopLimitMs: restartLimitMs } satisfies InspectResult;
    });
    const ignoreSignals = handleSignals(monitor);
    try {
      if (predecessor) await endPredecessor(predecessor, restartLimitMs, () => monitor.stopping);
      return await monitor.keep();
    } finally {
      await server.close();
      ignoreSignals();
    }
  } finally {
    removeRunRecord(root);
  }
}

function requireLauncher(launcher: string): void {
  refuseNoexec(launcher);
  try {
    accessSync(launcher, constants.X_OK);
  } catch (cause) {
    throw new ReleasesError('root_invalid', `${launcher} is not there or may not be run.`, { cause });
  }
}
