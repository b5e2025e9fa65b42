import type { ClientOptions } from '../registry/client.js';
import type { Lookup, LookupRequest } from '../registry/lookup.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Change, StepRecord } from './ledger.js';
import type { StepName } from './plan.js';

/** How far a step is; `done` of `total` where that can be counted. */
export interface Progress {
  step: StepName;
  text: string;
  /** Milliseconds until what is waited for comes to its end anyway. */
  leftMs?: number;
  done?: number;
  total?: number;
}

/** Told to whoever shows it; nothing depends on anyone listening. */
export interface Observer {
  step?(record: StepRecord, change: Change): void;
  progress?(progress: Progress): void;
}

/** What every step is given. */
export interface Context {
  root: Root;
  supervisor: Supervisor;
  change: Change;
  /** npm's own configuration; read on first use, because going back needs no network. */
  client(): Promise<ClientOptions>;
  /** What the registry has; `client` knows afterwards what was found out on the way. */
  lookUp(question: Omit<LookupRequest, 'overrides'>): Promise<Lookup>;
  /** Aborted by Ctrl-C while doing; by the undo's own time budget while undoing. */
  signal: AbortSignal;
  /** False at boot, where the gateway is started by its unit after this. */
  canRestart: boolean;
  /** The superuser works for the owner of the root. */
  onBehalf: boolean;
  progress(text: string, done?: number, total?: number, leftMs?: number): void;
}

export interface Step {
  name: StepName;
  /** A reason to leave the step out, or null to do it. */
  skip?(context: Context): string | null;
  /** May run twice; what it finds goes into `context.change.facts`. Resolves with one sentence for people. */
  do(context: Context): Promise<string>;
  /** May run after a `do` that never ran to its end, or never began. */
  undo?(context: Context): Promise<void>;
}

/** Why a change is aborted: a person's Ctrl-C is SIGINT, the end of the session or of the gateway's tree another. */
export class Interruption extends Error {
  constructor(readonly by: NodeJS.Signals) {
    super(`Stopped by ${by}.`);
  }
}

/** Thrown by a step that finds that there is nothing to do. */
export class NothingToDo extends Error {}
