import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { serve } from '../host/serve.js';
import { BACKGROUND_NICE, setSessionPriority } from '../host/session-priority.js';
import { waitUntil, within } from '../host/wait.js';
import { type Health, sampleHealth } from '../openclaw/health.js';
import type { CandidateOrder, CandidateReport } from './prepare.js';

/**
 * Runs as the first process of the isolation: starts its gateway, polls until it is ready, answers and exits, which ends
 * every process in the namespace.
 */

const POLL_MS = 150;

/** Characters; the caller takes secrets out, and then the half that is shown. */
const SAID = 16_000;

async function carryOut(order: CandidateOrder): Promise<CandidateReport> {
  if (!order.urgent) {
    // The running gateway goes first.
    setPriority(BACKGROUND_NICE);
    void setSessionPriority(BACKGROUND_NICE);
  }
  const startedAt = performance.now();
  const gateway = spawn(order.node, [order.main, ...order.args], {
    cwd: order.directory,
    env: order.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID);
    });
  }
  let exit: CandidateReport['exit'] = null;
  // Not `exit`: the last output arrives after it.
  gateway.on('close', (code, signal) => {
    exit = { code, signal };
  });
  gateway.on('error', (error) => {
    exit = { code: null, signal: null };
    said += `${error.message}\n`;
  });

  const passed = () => Math.round(performance.now() - startedAt);
  let health = null as Health | null;
  await waitUntil({ withinMs: order.timeoutMs, everyMs: POLL_MS }, async () => {
    if (exit !== null) return true;
    health = await sampleHealth(order.endpoint);
    return health.ready && health.live;
  });
  const ready = exit === null && health !== null && health.ready && health.live;
  const readyMs = passed();
  const { version = null, failing = [] } = health ?? {};
  const report: CandidateReport = { ready, readyMs, version, failing, exit, said };
  if (ready) await end(gateway, order.endMs);
  return report;
}

async function end(gateway: ChildProcess, withinMs: number): Promise<void> {
  if (withinMs === 0) return;
  gateway.kill();
  await within(once(gateway, 'close'), withinMs);
}

// As the first process of its namespace it cannot kill itself.
serve(carryOut, () => process.exit(1));
