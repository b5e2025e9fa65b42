import type { Change } from '../../ledger/ledger.js';
import type { Plan } from '../../ledger/plan.js';
import { parseSpec } from '../../registry/spec.js';

/** The registry may be slow, and others wait for their turn meanwhile; milliseconds. */
const RESOLVE_MS = 5_000;

/**
 * Whether a plan wants what a change under way does: the same kind, and the same words or the same release. Null while
 * that cannot be told, since the change has not found out its own release yet. A tag that cannot be resolved is
 * another wish: to refuse it is better than to say that it was granted.
 */
export async function wantsTheSame(plan: Plan, { plan: other, facts }: Change): Promise<boolean | null> {
  if (plan.kind !== other.kind) return false;
  if (plan.target === other.target || plan.target === facts.to) return true;
  if (plan.kind !== 'update') return false;
  if (facts.to === null) return null;
  return parseSpec(plan.target).kind === 'tag' && (await releaseOf(plan)) === facts.to;
}

async function releaseOf({ target, registry }: Plan): Promise<string | null> {
  // Only here is npm's own code needed to decide on a request, and it takes a while to load.
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
