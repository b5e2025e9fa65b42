import type { ClientOptions } from '../registry/client.js';
import type { Lookup, LookupRequest } from '../registry/lookup.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Change, StepRecord } from './ledger.js';
import type { StepName } from './plan.js';
import type { Progress } from './progress.js';

export interface Observer {
  step?(record: StepRecord, change: Change): void;
  progress?(progress: Progress): void;
  /** One sentence for the operator, such as the effect of a Ctrl-C. */
  note?(text: string): void;
}

export interface Context {
  root: Root;
  supervisor: Supervisor;
  change: Change;
  /** npm's configuration, read on first use: a rollback needs no network. */
  client(): Promise<ClientOptions>;
  /** Asks the registry; `client` then reuses the options that the lookup found. */
  lookUp(question: Omit<LookupRequest, 'overrides'>): Promise<Lookup>;
  /** Aborted by Ctrl-C or `cancel` during `do`, by the undo's own time limit during `undo`. */
  signal: AbortSignal;
  /** False at boot, where the unit starts the gateway later. */
  canRestart: boolean;
  /** @param bytes fetched from the registry */
  progress(text: string, done?: number, total?: number, leftMs?: number, bytes?: number): void;
}

export interface Step {
  name: StepName;
  skip?(context: Context): string | null;
  /** Must be safe to run twice; stores its results in `context.change.facts`. Returns one sentence for people. */
  do(context: Context): Promise<string>;
  /** Must also work after a `do` that was interrupted or never began. */
  undo?(context: Context): Promise<void>;
}

/** Thrown by a step that has nothing to do; ends the change as `already_current`. */
export class NothingToDo extends Error {}
