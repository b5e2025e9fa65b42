import { ReleasesError } from '../../src/core/errors.js';
import { type Context, NothingToDo, type Step } from '../../src/ledger/context.js';
import type { Change } from '../../src/ledger/ledger.js';
import type { StepName } from '../../src/ledger/plan.js';
import type { Root } from '../../src/store/root.js';
import { nobody } from './nobody.js';

/** Behaviour of a fake step; `interrupts` aborts the change while it runs. */
export type Behaviour =
  | 'ok'
  | 'fails'
  | 'skipped'
  | 'nothing'
  | 'undo-fails'
  | 'fails+undo-fails'
  | 'interrupts';

/** A context for a change that reaches neither a registry nor a supervisor, unless given another one. */
export function fakeContext(root: Root, change: Change, more: Partial<Context> = {}): Context {
  return {
    root,
    change,
    supervisor: nobody,
    client: () => Promise.reject(new Error('no network here')),
    lookUp: () => Promise.reject(new Error('no network here')),
    signal: new AbortController().signal,
    canRestart: true,
    progress: () => {},
    ...more,
  };
}

export interface FakeStep {
  name: StepName;
  behaviour: Behaviour;
  /** Gets `name` when the step is done, and `-name` when it is undone. */
  events: string[];
  /** The effect of doing it. */
  does?(context: Context): void;
  /** The effect of undoing it. */
  undoes?(context: Context): void;
  /** Aborts the change. */
  abort?(): void;
}

/** A step that only writes down what happens to it, and behaves as given. */
export function fakeStep({ name, behaviour, events, does, undoes, abort }: FakeStep): Step {
  return {
    name,
    skip: () => (behaviour === 'skipped' ? 'not needed' : null),
    async do(context) {
      events.push(name);
      does?.(context);
      if (behaviour === 'nothing') throw new NothingToDo('done already');
      if (behaviour === 'interrupts') abort?.();
      if (behaviour.startsWith('fails')) throw new ReleasesError('gateway_crashed', `${name} failed.`);
      return 'done';
    },
    async undo(context) {
      events.push(`-${name}`);
      context.signal.throwIfAborted();
      if (behaviour.endsWith('undo-fails'))
        throw new ReleasesError('restart_failed', `${name} was not undone.`);
      undoes?.(context);
    },
  };
}
