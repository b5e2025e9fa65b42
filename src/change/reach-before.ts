import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { waitUntil } from '../host/wait.js';
import type { ChangeKind, Plan } from '../ledger/plan.js';
import { type Reached, reach } from '../openclaw/reach.js';
import type { Inspection, Supervisor } from '../supervisor/supervisor.js';

const POLL_MS = 250;

/** Changes that help against a gateway that hangs, and so may restart one. */
const MAY_RESTART_SILENT: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['rollback', 'unadopt']);

type Seen = Reached & { inspection: Inspection };

/**
 * Finds where the gateway answers before a change; a gateway that is starting gets the time of a start. A silent gateway
 * is not restarted: afterwards nobody could tell if it is as before.
 * @throws ReleasesError `gateway_silent`, `supervisor_failed`
 */
export async function reachBefore(supervisor: Supervisor, plan: Plan, signal?: AbortSignal): Promise<Seen> {
  const look = async (): Promise<Seen> => {
    const inspection = await supervisor.inspect();
    return { ...(await reach(inspection)), inspection };
  };
  let seen = await look();
  const answers = () => seen.inspection.pid === null || seen.health.live;
  if (answers() || !plan.steps.includes('restart') || MAY_RESTART_SILENT.has(plan.kind)) return seen;
  const limits = { withinMs: plan.limits.readyFloorMs, everyMs: POLL_MS, signal };
  const answered = await waitUntil(limits, async () => {
    seen = await look();
    return answers();
  });
  if (answered) return seen;
  throw silent(seen, supervisor, plan);
}

function silent(
  { endpoint }: Reached,
  supervisor: Supervisor,
  { kind, target, limits }: Plan,
): ReleasesError {
  const found =
    endpoint.listener === null
      ? 'the address of its configuration, as no process of it listens'
      : `where its process ${endpoint.listener} listens`;
  return new ReleasesError(
    'gateway_silent',
    `The gateway runs and has not answered at ${endpoint.url} (${found}) for ${duration(limits.readyFloorMs)}, so it is not restarted.`,
    {
      hint: `${supervisor.byHand.restart ?? 'Restart it'}, then openclaw-releases ${kind} ${target} once it answers; or openclaw-releases rollback`,
    },
  );
}
