import { getPriority } from 'node:os';

/** Parts that a start brings up, in order. */
const PHASES = ['config', 'plugins', 'sidecars', 'channels'];

/** Tells whether the gateway is ready after `uptimeMs`, and what is in the way. */
export function readiness(behaviour, uptimeMs, draining, closed) {
  if (closed) return { ready: false, failing: ['gateway-draining'], phase: 'ready' };
  if (draining) return { ready: false, failing: ['draining'], phase: 'draining' };
  const isStarved = behaviour.starves && getPriority() > 0;
  if (behaviour.neverReady || isStarved) return { ready: false, failing: ['channels'], phase: 'channels' };
  const done = Math.floor((uptimeMs / (behaviour.slowStartMs ?? 1)) * PHASES.length);
  const left = behaviour.slowStartMs ? PHASES.slice(done) : [];
  if (left.length > 0) return { ready: false, failing: left, phase: left[0] };
  return { ready: true, failing: behaviour.failingChannel ? ['discord'] : [], phase: 'ready' };
}
