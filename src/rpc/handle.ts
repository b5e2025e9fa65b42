import { ReleasesError, toErrorRecord } from '../core/errors.js';
import type { Environment } from '../ledger/environment.js';
import type { Caller } from './documents.js';
import type { Call, Entries } from './entry.js';
import { isMethod, METHODS, type Method, type Scope } from './methods.js';
import { MUTATIONS } from './mutations.js';
import { QUERIES } from './queries.js';
import { CHANGES } from './update-run.js';

const ENTRIES: Entries = { ...QUERIES, ...MUTATIONS, ...CHANGES };

type AnswerOf<M extends string> = M extends Method ? Awaited<ReturnType<Entries[M]>> : object;

/**
 * Answers one call from a gateway. A method that makes a change answers at once and says how to follow it. Checks the
 * caller's scope again, after the gateway.
 * @throws ReleasesError only: `usage` for an unknown method, `forbidden`, `params_invalid`, and those of the method
 */
export async function handle<M extends string>(
  { plan, acknowledgeMs, endsWithAnswer, ...environment }: Environment & Call['options'],
  method: M,
  params: unknown = {},
  caller: Caller = { scopes: null },
): Promise<AnswerOf<M>> {
  try {
    if (!isMethod(method)) throw unknownMethod(method);
    requireScope(method, caller);
    const options = {
      ...(plan && { plan }),
      ...(acknowledgeMs !== undefined && { acknowledgeMs }),
      ...(endsWithAnswer !== undefined && { endsWithAnswer }),
    };
    const call = { environment, by: caller.name ?? null, mayChange: may(caller, 'operator.admin'), options };
    return (await ENTRIES[method](call, params, method)) as AnswerOf<M>;
  } catch (error) {
    if (error instanceof ReleasesError) throw error;
    const { code, message, ...rest } = toErrorRecord(error);
    throw new ReleasesError(code, message, { ...rest, cause: error });
  }
}

function unknownMethod(method: unknown): ReleasesError {
  const shown = String(method).slice(0, 60);
  return new ReleasesError('usage', `There is no method ${JSON.stringify(shown)}.`, {
    hint: `One of ${Object.keys(METHODS).join(', ')}`,
  });
}

/** The admin scope includes all others; write includes read. */
function may({ scopes }: Caller, scope: Scope): boolean {
  if (scopes === null || scopes.includes('operator.admin')) return true;
  return scope === 'operator.read' && (scopes.includes('operator.read') || scopes.includes('operator.write'));
}

function requireScope(method: Method, caller: Caller): void {
  const { scope } = METHODS[method];
  if (may(caller, scope)) return;
  const has = caller.scopes?.length ? caller.scopes.join(', ').slice(0, 200) : 'no scope';
  throw new ReleasesError('forbidden', `${method} needs ${scope}, and the caller has ${has}.`, {
    hint: `Call it as an operator with ${scope}, or type the command on the host: openclaw-releases --help`,
  });
}
