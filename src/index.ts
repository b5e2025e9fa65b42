/**
 * The release switcher as a library, for a gateway or another program.
 * @packageDocumentation
 */

import { type Request, recover } from './change/run.js';
import { performChange } from './control/detached/start.js';
import type { Environment } from './ledger/environment.js';
import { type Change, listChanges } from './ledger/ledger.js';
import type { PlanOptions } from './ledger/plan.js';
import { rollbackTarget } from './rollback/known-good.js';
import type { Caller } from './rpc/documents.js';
import { handle } from './rpc/handle.js';
import type { Repair } from './store/repair.js';
import { checkRoot, defaultRootPath, rootAt } from './store/root.js';
import { selectSupervisor } from './supervisor/select.js';
import { type ChangeDocument, changeDocument } from './views/change.js';
import { type Listing, listing } from './views/releases.js';
import { type Overview, overview } from './views/status.js';

export { type ErrorCode, type ErrorRecord, ReleasesError } from './core/errors.js';
export type { Observer } from './ledger/context.js';
export type { ChangeStatus } from './ledger/ledger.js';
export type { Progress } from './ledger/progress.js';
export type { Supervisor } from './supervisor/supervisor.js';
export type { Caller, ChangeDocument, Listing, Overview, PlanOptions };

/** Defaults: the supervisor that the root was adopted for, else the built-in one; no abort; no observer. */
export type OpenOptions = Pick<Environment, 'supervisor' | 'signal' | 'observer'>;

/**
 * The releases of one root. A change resolves with its document, also when it failed: read `status` and `error`. It runs in
 * a detached worker where the restart could end this process. Every method rejects with `ReleasesError` alone.
 */
export interface Releases {
  /** Absolute. */
  readonly path: string;
  /** @param target version, tag or archive; default `latest` */
  update(target?: string, options?: PlanOptions): Promise<ChangeDocument>;
  /** @param release id; default `previous`, or the last healthy release where that failed */
  rollback(release?: string, options?: PlanOptions): Promise<ChangeDocument>;
  switch(release: string, options?: PlanOptions): Promise<ChangeDocument>;
  status(): Promise<Overview>;
  list(): Promise<Listing>;
  /** Oldest first. */
  history(): ChangeDocument[];
  /** Repairs corrupt files, and finishes or undoes interrupted changes. */
  recover(): Promise<{ recovered: ChangeDocument[]; repaired: Repair[] }>;
  /** Answers one call of the gateway's protocol, such as `update.run`; answers before the change has ended. */
  handle(method: string, params?: unknown, caller?: Caller): Promise<object>;
}

/**
 * Opens a root; touches nothing until a method is called.
 * @param path default: `OPENCLAW_RELEASES_ROOT`, else `openclaw-releases` in the user's data directory
 */
export function openRoot(path: string = defaultRootPath(), options: OpenOptions = {}): Releases {
  const root = rootAt(path);
  const environment: Environment = { root, ...options };
  const checked = () => {
    checkRoot(root);
    return root;
  };
  const supervisor = () => options.supervisor ?? selectSupervisor(root.path);
  const described = (change: Change) => changeDocument(root, change);
  const make = async (kind: Request['kind'], target: string, planned: PlanOptions = {}) =>
    described(await performChange(environment, { kind, target, options: planned }));
  return {
    path: root.path,
    update: (target = 'latest', planned) => make('update', target, planned),
    rollback: async (release, planned) => make('rollback', release ?? rollbackTarget(checked()), planned),
    switch: (release, planned) => make('switch', release, planned),
    status: async () => overview(checked(), supervisor()),
    list: async () => listing(checked(), supervisor()),
    history: () => listChanges(checked()).map(described),
    recover: async () => {
      const { recovered, repaired } = await recover(environment);
      return { recovered: recovered.map(described), repaired };
    },
    handle: async (method, params, caller) =>
      handle({ ...environment, root: checked() }, method, params, caller),
  };
}
