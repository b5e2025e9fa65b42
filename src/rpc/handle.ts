import { ReleasesError, toErrorRecord } from '../core/errors.js';
import type { Environment } from '../ledger/environment.js';
import type { Caller, RunAnswer, StatusAnswer } from './documents.js';
import { isMethod, METHODS, type Method, type Scope } from './methods.js';
import { cancelChange, holdFor, liftHold, pinRelease, unpinRelease } from './mutations.js';
import { listReleases, showHistory, showRelease, showStatus, verify } from './queries.js';
import { type RunOptions, rollBack, switchRelease, updateRun } from './update-run.js';
import { updateStatus } from './update-status.js';

/** Adds the host's defaults for a change, such as its settle time. */
export type RpcEnvironment = Environment & RunOptions;

interface Call {
  environment: Environment;
  params: unknown;
  by: string | null;
  mayChange: boolean;
  options: RunOptions;
}

const HANDLERS: Record<Method, (call: Call) => Promise<object>> = {
  'update.run': (call) => updateRun(call.environment, call.params, call.by, call.options),
  'update.status': (call) => updateStatus(call.environment, call.params, call.mayChange),
  'releases.list': (call) => listReleases(call.environment, call.params),
  'releases.show': (call) => showRelease(call.environment, call.params),
  'releases.status': (call) => showStatus(call.environment, call.params, call.mayChange),
  'releases.history': (call) => showHistory(call.environment, call.params),
  'releases.verify': (call) => verify(call.environment, call.params),
  'releases.update': (call) => updateRun(call.environment, call.params, call.by, call.options),
  'releases.rollback': (call) => rollBack(call.environment, call.params, call.by, call.options),
  'releases.switch': (call) => switchRelease(call.environment, call.params, call.by, call.options),
  'releases.pin': (call) => pinRelease(call.environment, call.params),
  'releases.unpin': (call) => unpinRelease(call.environment, call.params),
  'releases.hold': (call) => holdFor(call.environment, call.params),
  'releases.unhold': (call) => liftHold(call.environment, call.params),
  'releases.cancel': (call) => cancelChange(call.environment, call.params),
};

type Making = 'update.run' | 'releases.update' | 'releases.rollback' | 'releases.switch';

/**
 * Answers one call from a gateway. A method that makes a change answers at once and says how to follow it. Checks the
 * caller's scope again, after the gateway.
 * @throws ReleasesError only: `usage` for an unknown method, `forbidden`, `params_invalid`, and those of the method
 */
export function handle(
  environment: RpcEnvironment,
  method: Making,
  params?: unknown,
  caller?: Caller,
): Promise<RunAnswer>;
export function handle(
  environment: RpcEnvironment,
  method: 'update.status',
  params?: unknown,
  caller?: Caller,
): Promise<StatusAnswer>;
export function handle(
  environment: RpcEnvironment,
  method: string,
  params?: unknown,
  caller?: Caller,
): Promise<object>;
export async function handle(
  { plan, acknowledgeMs, endsWithAnswer, ...environment }: RpcEnvironment,
  method: string,
  params: unknown = {},
  caller: Caller = { scopes: null },
): Promise<object> {
  try {
    if (!isMethod(method)) throw unknownMethod(method);
    requireScope(method, caller);
    const options = {
      ...(plan && { plan }),
      ...(acknowledgeMs !== undefined && { acknowledgeMs }),
      ...(endsWithAnswer !== undefined && { endsWithAnswer }),
    };
    const mayChange = may(caller, 'operator.admin');
    return await HANDLERS[method]({ environment, params, by: caller.name ?? null, mayChange, options });
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
