import type { Environment } from '../ledger/environment.js';
import type { PlanOptions } from '../ledger/plan.js';
import type { MethodAnswers } from './answers.js';
import type { Method } from './methods.js';
import { type Fields, readFields, type Values } from './params.js';
import type { ReceptionOptions } from './requests/submit.js';

export interface Call {
  environment: Environment;
  by: string | null;
  /** False for a caller that may only read. */
  mayChange: boolean;
  options: ReceptionOptions & {
    /** The host's defaults for a change, such as its settle time. */
    plan?: PlanOptions;
  };
}

/** Answers a method from unchecked parameters. @throws ReleasesError `params_invalid`, and those of the method */
export type Entry<A extends object = object> = (call: Call, params: unknown, method: string) => Promise<A>;

/** Entry of each method; the compiler compares its answer with the published one. */
export type Entries = { [M in Method]: Entry<{ ok: boolean } & MethodAnswers[M]> };

export function entry<F extends Fields, A extends object>(
  fields: F,
  work: (call: Call, values: Values<F>) => A | Promise<A>,
): Entry<A> {
  return async (call, params, method) => work(call, readFields(params, fields, method));
}
