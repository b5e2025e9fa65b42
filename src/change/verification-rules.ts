import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { duration } from '../core/duration.js';
import { type ErrorCode, ReleasesError } from '../core/errors.js';
import { isVersion } from '../core/version.js';
import { executableOf } from '../host/process.js';
import { releaseOfProcess } from '../ledger/running-release.js';
import { type Abilities, lost } from '../openclaw/abilities.js';
import { type Health, worsened } from '../openclaw/health.js';
import { differences, type Instance } from '../openclaw/instance.js';
import { releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Inspection } from '../supervisor/supervisor.js';

/** Share of the time below which a process counts as idle: our polling also costs it some. */
const BUSY_SHARE = 0.2;

/** Milliseconds; OpenClaw 2026.9 ends a start in which one of its threads is not there after five seconds. */
const LONG_MS = 2_000;

/** The rule that is not met yet. */
export interface Missing {
  code: ErrorCode;
  what: string;
}

/** Work of a start until now, in milliseconds. */
export interface Work {
  /** Processor time. */
  ranMs: number;
  /** Time in which it ran, or waited for the host. */
  wantedMs: number;
}

/** @param work of the process that is expected; null once its start is over */
export function checkProcess(
  root: Root,
  inspection: Inspection,
  expected: { release: string | null; instance: string | null },
  work: Work | null,
): void {
  const { pid, instance, state, lastExit } = inspection;
  if (pid === null || state !== 'running' || (expected.instance !== null && instance !== expected.instance)) {
    const how = lastExit ? ` (${lastExit.signal ?? `exit code ${lastExit.code}`})` : '';
    const which = expected.release === null ? '' : ` of ${expected.release}`;
    if (work === null || !wasHeldUp(work))
      throw fault('gateway_crashed', `The gateway${which} exited${how}.`);
    const { ranMs, wantedMs } = work;
    const share = `of ${duration(wantedMs)} in which it had something to do, the host let it run for ${duration(ranMs)}`;
    const details = { ranMs: Math.round(ranMs), wantedMs: Math.round(wantedMs) };
    throw fault('gateway_crashed', `The gateway${which} exited${how}; ${share}.`, details);
  }
  const release = releaseOfProcess(root, pid);
  if (expected.release !== null && release !== null && release !== expected.release) {
    throw fault(
      'wrong_release',
      `The gateway that was started runs from ${release}, not from ${expected.release}.`,
    );
  }
}

/** Rule 2, read from the kernel. In the launcher's first moments a shell runs that has no release yet. */
export function otherProgram(root: Root, pid: number | null, release: string | null): Missing | null {
  if (release === null || pid === null) return null;
  const own = realPathOf(join(releaseDirectory(root, release), 'node'));
  const runs = executableOf(pid);
  const isStarted = releaseOfProcess(root, pid) === release;
  if (isStarted && runs !== null && runs === own) return null;
  const instead = isStarted
    ? `and the Node of ${release} is ${own ?? 'not there'}`
    : `not started as ${release}`;
  const what = `The gateway is healthy, but process ${pid} runs ${runs ?? 'an unknown program'}, ${instead}`;
  return { code: 'wrong_release', what };
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Rule 5. */
export function checkInstance(before: Instance | null, now: Instance | null): void {
  const changed = before && now ? differences(before, now) : [];
  if (changed.length === 0) return;
  throw fault('instance_changed', `It is another gateway than before: ${changed.join('; ')}.`);
}

export function checkVersion(health: Health, version: string | null): void {
  if (version === null || !isVersion(health.version) || health.version === version) return;
  throw fault('wrong_version', `The gateway says that it is ${health.version}, not ${version}.`);
}

/**
 * Text that changes while the process makes progress: in its answers, by its processor time, or as it waits for the host:
 * a slow, busy or swapping one is no reason to roll back.
 */
export function signatureOf(health: Health, { ranMs, wantedMs }: Work, stallMs: number): string {
  const step = Math.max(1, stallMs * BUSY_SHARE);
  const busy = [ranMs, wantedMs].map((ms) => Math.floor(ms / step));
  return JSON.stringify([health.answered, health.live, health.phase, health.failing, ...busy]);
}

export function whatIsUnhealthy(health: Health, before: Health | null, mustBeReady: boolean): Missing | null {
  if (!health.live || (mustBeReady && !health.ready))
    return { code: 'gateway_not_ready', what: `The gateway is ${describe(health)}` };
  const worse = before ? worsened(before, health) : [];
  if (worse.length === 0) return null;
  return { code: 'gateway_worse', what: `What worked before does not work: ${worse.join(', ')}` };
}

export function whatIsBroken(before: Abilities, after: Abilities): Missing | null {
  const broken = lost(before, after);
  if (broken.length === 0) return null;
  return { code: 'gateway_worse', what: `What worked before is broken: ${broken.join(', ')}` };
}

function describe(health: Health): string {
  if (!health.answered) return 'not answering';
  if (!health.live) return 'not live';
  return health.failing.length > 0 ? `not ready: ${health.failing.join(', ')}` : 'not ready';
}

export function fault(code: ErrorCode, message: string, details?: Record<string, number>): ReleasesError {
  return new ReleasesError(code, message, {
    hint: 'openclaw-releases history --json',
    ...(details && { details }),
  });
}

/** True where a process wanted to run for long, and its host mostly did not let it. */
export function wasHeldUp({ ranMs, wantedMs }: Work): boolean {
  return wantedMs >= LONG_MS && ranMs < wantedMs / 2;
}

/** True for a crash that may be the host's: limits of time that the gateway has for its own start came first. */
export function isOfHost(error: unknown): boolean {
  return (
    error instanceof ReleasesError &&
    error.code === 'gateway_crashed' &&
    error.details?.wantedMs !== undefined
  );
}
