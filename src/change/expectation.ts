import type { Change } from '../ledger/ledger.js';
import type { Limits } from '../ledger/plan.js';
import type { Abilities } from '../openclaw/abilities.js';
import type { Health } from '../openclaw/health.js';
import type { Instance } from '../openclaw/instance.js';

/** Rules of a verification that differ from change to change. */
export interface Expectation {
  /** Null for a gateway that is not from this root (before adoption): any release and version is then accepted. */
  release: string | null;
  /** The start that must stay the running one; null for any. */
  instance: string | null;
  before: Health | null;
  /** Parts that worked in it before; absent on the way back, and for an older state with its older credentials. */
  abilities?: Abilities | undefined;
  /** The gateway that ran before; null when unknown. */
  gateway: Instance | null;
  /** False on the way back to a gateway that was not ready before. */
  mustBeReady: boolean;
  settleMs: number;
  limits: Limits;
  /** Allows the next start where the host held up the one before; absent where the caller starts it again itself. */
  mayStartAgain?: boolean;
}

/** Expects the target of a change, and nothing worse than before it. */
export function expectedOf({ facts, plan }: Change): Expectation {
  return {
    release: facts.to,
    instance: facts.restart?.instance ?? null,
    before: facts.baseline?.health ?? null,
    abilities: plan.kind === 'rollback' || facts.restore ? undefined : facts.baseline?.abilities,
    gateway: facts.instance ?? null,
    mustBeReady: true,
    settleMs: plan.limits.settleMs,
    limits: plan.limits,
    mayStartAgain: true,
  };
}
