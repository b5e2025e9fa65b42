/**
 * The release switcher as a library, for a gateway or another program.
 * @packageDocumentation
 */

export { makeChange, previewChange, type Request, recover } from './change/run.js';
export { makeChangeOutside } from './control/detached/start.js';
export { type ErrorCode, type ErrorRecord, EXIT, ReleasesError } from './core/errors.js';
export type { Observer, Progress } from './ledger/context.js';
export type { Environment } from './ledger/environment.js';
export { type Change, type ChangeStatus, listChanges, readChange } from './ledger/ledger.js';
export type { Caller, Reply, RunAnswer, StatusAnswer } from './rpc/documents.js';
export { handle, type RpcEnvironment } from './rpc/handle.js';
export { METHODS, type Method } from './rpc/methods.js';
export {
  claimDelivery,
  giveUpDelivery,
  markDelivered,
  type RequestRecord,
  type Undelivered,
  undelivered,
} from './rpc/requests/requests.js';
export { verdictText } from './rpc/requests/result-text.js';
export { defaultRootPath, type Root, rootAt } from './store/root.js';
export { builtinSupervisor } from './supervisor/builtin/client.js';
export type { Inspection, RestartReport, Supervisor } from './supervisor/supervisor.js';
export { listing, verifyRelease } from './views/releases.js';
export { overview } from './views/status.js';
