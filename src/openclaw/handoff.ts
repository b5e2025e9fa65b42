import { member } from '../core/json.js';
import type { Count } from '../core/scalars.js';
import type { Door } from './endpoint.js';
import { askGateway } from './rpc-client.js';

const TIMEOUT_MS = 3000;

/** First version that can be told of a restart over its protocol. */
export const HANDOFF_SINCE = '2026.9.3';

/** Process of a gateway, by its own word. */
export interface GatewayProcess {
  pid: Count;
  /** Differs between any two starts. */
  id: string;
}

/** Asks a gateway which process it is. It answers only while it takes new work; null when it does not. Never throws. */
export async function identifyProcess(endpoint: Door): Promise<GatewayProcess | null> {
  const { payload } = await askGateway(endpoint, { method: 'system.info' }, TIMEOUT_MS);
  const [pid, id] = [member(payload, 'pid'), member(payload, 'processInstanceId')];
  return Number.isSafeInteger(pid) && typeof id === 'string' ? { pid: Number(pid), id } : null;
}

/**
 * Tells a draining gateway that its next SIGTERM is a restart by another supervisor: it then marks the turns that it cuts
 * off, and its successor continues them. It ends with the lease and with the process.
 * @returns null when it is told, else why not. Never throws.
 */
export async function announceHandoff(
  endpoint: Door,
  lease: string,
  { pid, id }: GatewayProcess,
): Promise<string | null> {
  const params = { suspensionId: lease, target: { pid, processInstanceId: id } };
  const question = { method: 'gateway.suspend.handoff', params, scope: 'operator.admin' } as const;
  const { payload, refusal } = await askGateway(endpoint, question, TIMEOUT_MS);
  if (member(payload, 'status') === 'armed') return null;
  return refusal ?? 'it did not answer';
}
