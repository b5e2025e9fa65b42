import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { ReleasesError } from '../../core/errors.js';
import { START_VARIABLE } from '../../host/gateway-process.js';
import { identify, type ProcessIdentity } from '../../host/process.js';
import { within } from '../../host/wait.js';
import type { Ending } from './ending.js';
import { type Watcher, watch } from './parent-death.js';
import { endLeftovers, signalGroup } from './process-group.js';

/** A killed process is gone in milliseconds, unless the kernel holds it on a dead disk or network mount. */
const KILL_LIMIT_MS = 10_000;

/** Holds the gateway until its watcher exists, so that it cannot outlive the supervisor. `exec` keeps the pid. */
const GATE = 'read -r go <&3 || exit 1; exec 3<&-; exec "$0" "$@"';

export interface GatewayOptions {
  root: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Milliseconds between SIGTERM and SIGKILL, where the supervisor died. */
  restartLimitMs: number;
  /** Standard error where the caller's standard output has one JSON document and nothing else. */
  output?: 1 | 2;
}

export interface Gateway {
  readonly identity: ProcessIdentity;
  /** See `START_VARIABLE`. */
  readonly mark: string;
  readonly running: boolean;
  /** Resolves when the process is gone and nothing that it left lives, or was killed; never rejects. */
  readonly ended: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
  /**
   * Sends SIGTERM once and SIGKILL after `limitMs` milliseconds; a second call joins the first, because OpenClaw takes
   * a repeated SIGTERM for impatience. False when the process survived SIGKILL.
   */
  stop(limitMs: number): Promise<boolean>;
}

/**
 * Starts `<root>/bin/gateway` in its own session: Ctrl-C then reaches only the supervisor, which sends one signal.
 * @throws ReleasesError `supervisor_failed` when no process can be created
 */
export function startGateway({ root, args, env, restartLimitMs, output = 1 }: GatewayOptions): Gateway {
  const mark = randomUUID();
  const child = spawn('/bin/sh', ['-c', GATE, join(root, 'bin/gateway'), ...args], {
    stdio: ['inherit', output, 'inherit', 'pipe'],
    detached: true,
    env: { ...env, [START_VARIABLE]: mark },
  });
  // Emitted also without a pid, which is checked below, and when a signal cannot be sent.
  child.on('error', () => {});
  const identity = child.pid === undefined ? null : identify(child.pid);
  if (!identity) throw new ReleasesError('supervisor_failed', 'The gateway process could not be made.');
  const { pid } = identity;
  const running = () => child.exitCode === null && child.signalCode === null;

  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let watcher: Watcher;
  try {
    watcher = watch(identity, mark, restartLimitMs);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }

  let killed = false;
  let stopping: Promise<boolean> | undefined;
  const stop = async (limitMs: number) => {
    child.kill('SIGTERM');
    if (await within(exited, limitMs)) return true;
    killed = true;
    signalGroup(pid, 'SIGKILL');
    return within(exited, KILL_LIMIT_MS);
  };
  const ended = exited.then(async (): Promise<Ending> => {
    await endLeftovers(identity, mark);
    watcher.release();
    return { code: child.exitCode, signal: child.signalCode, killed };
  });

  const gate = child.stdio[3] as Writable;
  // Fails when the process has ended already, which its exit reports.
  gate.on('error', () => {});
  gate.end('go\n', () => gate.destroy());

  return {
    identity,
    mark,
    get running() {
      return running();
    },
    ended,
    signal: (signal) => void child.kill(signal),
    stop: (limitMs) => {
      stopping ??= stop(limitMs);
      return stopping;
    },
  };
}
