import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds that a lease lasts, as in the real one. */
const LEASE_MS = 120_000;

/** Milliseconds in which a restart intent must be found, and the most bytes that one has. */
const INTENT_MS = 60_000;
const INTENT_BYTES = 1024;

const PROCESS = randomUUID();

/** The lines of `busy` in the state directory: a kind of work, and the session of an agent's run. */
export function workIn(env) {
  const path = join(env.OPENCLAW_STATE_DIR ?? '', 'busy');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  return lines.map((line) => line.split(' '));
}

/** A restart intent of older versions that is meant for this process; like the real one it removes any that it finds. */
export function consumeIntent(env) {
  const path = join(env.OPENCLAW_STATE_DIR ?? '', 'gateway-restart-intent.json');
  try {
    const text = readFileSync(path, 'utf8');
    const { kind, pid, createdAt } = JSON.parse(text);
    const age = Date.now() - createdAt;
    const fits = Buffer.byteLength(text) <= INTENT_BYTES && age >= 0 && age <= INTENT_MS;
    return fits && kind === 'gateway-restart' && pid === process.pid;
  } catch {
    return false;
  } finally {
    rmSync(path, { force: true });
  }
}

/** The lease by which the gateway takes no new work, and the restart that it may announce. */
export function createAdmission(env) {
  let lease = null;
  const current = () => {
    if (lease && Date.now() >= lease.expiresAtMs) lease = null;
    return lease;
  };
  const held = ({ suspensionId, expiresAtMs }) => {
    const blockers = workIn(env).map(([kind]) => ({ kind, count: 1, message: `1 active ${kind}` }));
    const status = blockers.length > 0 ? 'draining' : 'ready';
    return { status, suspensionId, expiresAtMs, activeCount: blockers.length, blockers, writeCustody: [] };
  };
  const methods = {
    'system.info': {
      scope: 'operator.read',
      keys: [],
      answer: () => ({ pid: process.pid, processInstanceId: PROCESS }),
    },
    'gateway.suspend.prepare': {
      scope: 'operator.admin',
      keys: ['requestId', 'drain', 'terminalPolicy'],
      answer({ requestId, drain }) {
        if (current() && lease.requestId !== requestId)
          throw new Error('another gateway suspension is already prepared');
        const expiresAtMs = Date.now() + LEASE_MS;
        if (current() && !lease.armed) lease.expiresAtMs = expiresAtMs;
        if (current()) return held(lease);
        const next = { requestId, suspensionId: randomUUID(), expiresAtMs, armed: false };
        const answer = held(next);
        if (answer.status === 'draining' && drain !== true) return { ...answer, status: 'busy' };
        lease = next;
        return answer;
      },
    },
    'gateway.suspend.status': {
      scope: 'operator.read',
      keys: ['suspensionId'],
      answer({ suspensionId }) {
        if (!current()) return { status: 'running' };
        if (lease.suspensionId !== suspensionId)
          throw new Error('a different gateway suspension is prepared');
        const { suspensionId: _, ...answer } = held(lease);
        return answer;
      },
    },
    'gateway.suspend.resume': {
      scope: 'operator.admin',
      keys: ['suspensionId'],
      answer({ suspensionId }) {
        if (!current()) return { ok: true, status: 'running', resumed: false };
        if (lease.suspensionId !== suspensionId) throw new Error('gateway suspension id does not match');
        lease = null;
        return { ok: true, status: 'running', resumed: true };
      },
    },
    'gateway.suspend.handoff': {
      scope: 'operator.admin',
      keys: ['suspensionId', 'target'],
      answer({ suspensionId, target }) {
        if (target.pid !== process.pid || target.processInstanceId !== PROCESS)
          throw new Error('gateway process changed after preflight');
        if (current()?.suspensionId !== suspensionId) throw new Error('gateway suspension id does not match');
        lease.armed = true;
        return { status: 'armed', suspensionId, expiresAtMs: lease.expiresAtMs };
      },
    },
  };
  return { methods, isClosed: () => current() !== null, isArmed: () => current()?.armed === true };
}
