import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { BACKGROUND_NICE, setSessionPriority } from '../host/session-priority.js';
import { type Health, sampleHealth } from '../openclaw/health.js';
import type { CandidateOrder, CandidateReport } from './prepare.js';

/**
 * Runs as the first process of the isolation: reads an order from stdin, starts its gateway, polls until it is ready,
 * writes one line of JSON and exits, which ends every process in the namespace. Stdin closes when the caller dies, and
 * then this process exits too.
 */

const POLL_MS = 150;

/** Characters; the caller takes secrets out, and then the half that is shown. */
const SAID = 16_000;

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => void carryOut(JSON.parse(line) as CandidateOrder));
lines.once('close', () => process.exit(1));

async function carryOut(order: CandidateOrder): Promise<void> {
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
  let health: Health | null = null;
  while (exit === null && passed() < order.timeoutMs) {
    health = await sampleHealth(order.endpoint);
    if (health.ready && health.live) break;
    await setTimeout(POLL_MS);
  }
  const ready = exit === null && health !== null && health.ready && health.live;
  const readyMs = passed();
  const { version = null, failing = [] } = health ?? {};
  const report: CandidateReport = { ready, readyMs, version, failing, exit, said };
  if (ready) await end(gateway, order.endMs);
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}

async function end(gateway: ChildProcess, withinMs: number): Promise<void> {
  if (withinMs === 0) return;
  gateway.kill();
  await Promise.race([once(gateway, 'close'), setTimeout(withinMs)]);
}
