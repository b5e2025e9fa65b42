import type { Background } from '../host/background.js';

/** What a supervisor knows about the gateway it owns, read in one go. */
export interface Inspection {
  /** `waiting` is a supervisor that will start it again by itself, after a back-off. */
  state: 'running' | 'waiting' | 'stopped' | 'failed';
  /** The gateway's main process, or null when none runs. */
  pid: number | null;
  /** Differs between any two starts of the gateway (systemd: InvocationID). */
  instance: string | null;
  /** Starts that nobody asked for, since the supervisor itself started. */
  restarts: number;
  /** How the last process ended, or null when none has. */
  lastExit: { code: number | null; signal: string | null } | null;
  /** What the gateway is started with: enough to find its port, its configuration and its state. */
  launch: { args: string[]; env: Record<string, string> };
}

/** What can be seen of a gateway that runs without asking its supervisor; the arguments cannot. */
export interface Glance {
  pid: number;
  /** These two as an inspection has them. */
  instance: string;
  env: Record<string, string>;
}

export interface RestartReport {
  /** Milliseconds from the request until the old process was gone; 0 when none ran. */
  stopMs: number;
  /** The old process did not end within the stop limit and was killed. */
  killed: boolean;
  /** The new start, which is not yet a healthy one. */
  instance: string;
}

/** A program to run outside of the gateway's own processes, so that it outlives a restart of the gateway. */
export interface OutsideProgram {
  /** Names the unit or the log; the id of a change. */
  name: string;
  argv: string[];
  env: Record<string, string>;
}

/** What owns the gateway process. Nothing here ever starts a gateway by another road. */
export interface Supervisor {
  readonly kind: 'builtin' | 'systemd';
  /** What a person types to restart the gateway and to read its log without us; null where there is no such command. */
  readonly byHand: { restart: string | null; log: string | null };
  /** @throws ReleasesError `supervisor_not_found`, `supervisor_failed` */
  inspect(): Promise<Inspection>;
  /**
   * For those who only look, where asking takes longer than all else that they do. Null says nothing: `inspect` has to
   * be asked then, and always by whoever acts.
   */
  glance(): Glance | null;
  /**
   * Stops and starts as one request that the supervisor carries out by itself: it ends with a started gateway
   * even if the caller dies meanwhile, and however the old process ends.
   * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`, `restart_failed`
   */
  restart(): Promise<RestartReport>;
  /** Whether a process belongs to the supervised gateway. */
  owns(pid: number): Promise<boolean>;
  /**
   * Starts a program that no restart of the gateway ends; resolves once the supervisor has taken it on, which is
   * not yet a sign of life from the program itself. Answers where its log can be followed, as a command to type.
   * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`
   */
  runOutside(program: OutsideProgram): Promise<{ follow: string }>;
  /** Null where it has no such means. */
  background?(): Background | null;
}
