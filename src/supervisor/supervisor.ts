import type { Count } from '../core/scalars.js';
import type { Background } from '../host/background.js';
import type { OutsideProgram } from '../host/outside-program.js';

export interface Inspection {
  /** `waiting`: the supervisor starts it again automatically, after a back-off. */
  state: 'running' | 'waiting' | 'stopped' | 'failed';
  pid: number | null;
  /** Differs between any two starts (systemd: InvocationID). */
  instance: string | null;
  /** Automatic restarts since the supervisor started. */
  restarts: number;
  /** End of the last process; null when none has ended (systemd: also while one runs). */
  lastExit: { code: number | null; signal: string | null } | null;
  /** Arguments, and the variables that name its port, configuration and state. */
  launch: { args: string[]; env: Record<string, string> };
}

/** Facts about a running gateway without a request to its supervisor. */
export interface Glance {
  pid: number;
  instance: string;
  env: Record<string, string>;
  /** Absent where the supervisor must be asked. */
  start?: StartFacts;
}

/** Facts about one start of the gateway, valid while that process runs. */
export interface StartFacts {
  restarts: Count;
  /** The only argument recorded: others may hold secrets. */
  port: string | null;
}

export interface RestartReport {
  /** Milliseconds from the request until the old process was gone; 0 when none ran. */
  stopMs: number;
  /** The old process was killed after the stop limit. */
  killed: boolean;
  /** New start, not yet healthy. */
  instance: string;
}

/** Owner of the gateway process. Its methods never start a gateway in any other way. */
export interface Supervisor {
  readonly kind: 'builtin' | 'systemd';
  /** Operator's commands to restart the gateway and read its log without us; null when there are none. */
  readonly byHand: { restart: string | null; log: string | null };
  inspect(): Promise<Inspection>;
  /** Fast read for commands that only show. Null means unknown: then use `inspect`, and always before an action. */
  peek(): Glance | null;
  /**
   * Stops and starts in one request; the supervisor completes it even if the caller dies, however the old process ends.
   * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`, `restart_failed`
   */
  restart(): Promise<RestartReport>;
  owns(pid: number): Promise<boolean>;
  /**
   * Starts a program that no restart of the gateway ends. Resolves once it is accepted, not once it works.
   * @returns command that follows its log
   * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`
   */
  runOutside(program: OutsideProgram): Promise<{ follow: string }>;
  background?(): Background | null;
  /** Reads the end of the gateway's log, which may hold secrets. Absent where the supervisor keeps none. */
  readLog?(lines: number): Promise<string>;
}
