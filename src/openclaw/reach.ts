import { type Endpoint, endpointsOf, type Gateway, otherScheme } from './endpoint.js';
import { type Health, sampleHealth } from './health.js';
import { ask } from './http.js';

export interface Reached {
  endpoint: Endpoint;
  health: Health;
}

/**
 * Finds where a gateway answers, and its health; without an answer, where it should. Never throws.
 * @param timeoutMs for each endpoint; almost always there is one
 */
export async function reach(gateway: Gateway, timeoutMs?: number, asking = ask): Promise<Reached> {
  const endpoints = endpointsOf(gateway);
  const seen: Reached[] = [];
  for (const endpoint of endpoints) {
    const reached = await sampleEither(endpoint, timeoutMs, asking);
    if (reached.health.live) return reached;
    seen.push(reached);
  }
  const port = endpoints.at(-1)?.port;
  return seen.find(({ endpoint }) => endpoint.port === port) as Reached;
}

/** Asks a silent listener with the other scheme, too: the configuration may have been edited since the start. */
async function sampleEither(
  endpoint: Endpoint,
  timeoutMs: number | undefined,
  asking: typeof ask,
): Promise<Reached> {
  const health = await sampleHealth(endpoint, timeoutMs, asking);
  if (health.answered || endpoint.listener === null) return { endpoint, health };
  const other = otherScheme(endpoint);
  const again = await sampleHealth(other, timeoutMs, asking);
  return again.answered ? { endpoint: other, health: again } : { endpoint, health };
}
