/**
 * The release switcher as a library: what the commands do, for a gateway or another program to call.
 * @packageDocumentation
 */
export type { Observer, Progress } from './change/context.js';
export type { Environment } from './change/environment.js';
export { makeChangeOutside } from './change/helper/outside.js';
export { type Change, type ChangeStatus, listChanges, readChange } from './change/ledger.js';
export { overview } from './change/looking/overview.js';
export { listing, verifyRelease } from './change/looking/releases.js';
export {
  claimDelivery,
  giveUpDelivery,
  markDelivered,
  type RequestRecord,
  type Undelivered,
  undelivered,
} from './change/requests/requests.js';
export { verdictText } from './change/requests/verdict-text.js';
export { makeChange, previewChange, type Request, recover } from './change/switcher.js';
export { type ErrorCode, type ErrorRecord, EXIT, ReleasesError } from './errors.js';
export type { Caller, Reply, RunAnswer, StatusAnswer } from './rpc/documents.js';
export { handle, type RpcEnvironment } from './rpc/handle.js';
export { METHODS, type Method } from './rpc/methods.js';
export { defaultRootPath, type Root, rootAt } from './store/root.js';
export { builtinSupervisor } from './supervisor/builtin.js';
export type { Inspection, RestartReport, Supervisor } from './supervisor/supervisor.js';
