import { workIn } from './activity.js';
import type { Door } from './endpoint.js';
import { askGateway, type Question } from './rpc-client.js';

const TIMEOUT_MS = 3000;

/** Milliseconds after which a lease must be renewed; OpenClaw ends it after two minutes, and allows 30 requests a minute. */
export const RENEW_MS = 30_000;

/**
 * A gateway that refuses new work until its restart, and finishes what it has begun. OpenClaw has it from 2026.8.1 on.
 * The lease ends automatically two minutes after its last renewal, and with its process.
 */
export interface Drain {
  lease: string;
  /** Work that is not finished, a few words each. */
  busy: string[];
}

/**
 * Begins to drain, or renews the lease of the same request. Null when the gateway has no such method, has another lease,
 * is shutting down or does not answer. Never throws.
 */
export async function drain(endpoint: Door, request: string): Promise<Drain | null> {
  const params = { requestId: request, drain: true, terminalPolicy: 'terminate' };
  const answer = await ask(endpoint, { method: 'gateway.suspend.prepare', params, scope: 'operator.admin' });
  const { suspensionId } = answer;
  const busy = busyIn(answer);
  return typeof suspensionId === 'string' && busy !== null ? { lease: suspensionId, busy } : null;
}

/** Work that a draining gateway has not finished; null when it does not drain any more, or does not answer. */
export async function sampleDrain(endpoint: Door, lease: string): Promise<string[] | null> {
  return busyIn(await ask(endpoint, { method: 'gateway.suspend.status', params: { suspensionId: lease } }));
}

/** Lets a gateway take new work again. Harmless when the lease has ended or its process is gone. */
export async function endDrain(endpoint: Door, lease: string): Promise<void> {
  const params = { suspensionId: lease };
  await ask(endpoint, { method: 'gateway.suspend.resume', params, scope: 'operator.admin' });
}

async function ask(endpoint: Door, question: Question): Promise<Record<string, unknown>> {
  const { payload } = await askGateway(endpoint, question, TIMEOUT_MS);
  return (payload ?? {}) as Record<string, unknown>;
}

function busyIn({ status, blockers }: Record<string, unknown>): string[] | null {
  if (status === 'ready') return [];
  return status === 'draining' ? workIn(blockers) : null;
}
