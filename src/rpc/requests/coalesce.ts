import type { Change } from '../../ledger/ledger.js';
import type { Plan } from '../../ledger/plan.js';
import { parseSpec } from '../../registry/spec.js';

/** Milliseconds; a slow registry blocks the requests that wait for their turn. */
const RESOLVE_MS = 5_000;

/**
 * Returns true for the same kind and the same target or release; null until the change has resolved its own release. A
 * tag that cannot be resolved is another request: a refusal is safer than a false promise.
 */
export async function wantsTheSame(plan: Plan, { plan: other, facts }: Change): Promise<boolean | null> {
  if (plan.kind !== other.kind) return false;
  if (plan.target === other.target || plan.target === facts.to) return true;
  if (plan.kind !== 'update') return false;
  if (facts.to === null) return null;
  return parseSpec(plan.target).kind === 'tag' && (await releaseOf(plan)) === facts.to;
}

async function releaseOf({ target, registry }: Plan): Promise<string | null> {
  // Loads npm's code only here, because it loads slowly.
  const [{ loadClientOptions }, { resolveRelease }] = await Promise.all([
    import('../../registry/client.js'),
    import('../../registry/resolve.js'),
  ]);
  try {
    const client = await loadClientOptions(registry === null ? {} : { registry });
    const { id } = await resolveRelease(parseSpec(target), client, AbortSignal.timeout(RESOLVE_MS));
    return id;
  } catch {
    return null;
  }
}
