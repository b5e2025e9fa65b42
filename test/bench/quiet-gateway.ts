import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Place } from '../../src/demo/place.js';
import { killTree } from '../../src/host/process-tree.js';
import { until } from '../support/place.js';

const READY_WITHIN_MS = 180_000;
/** Milliseconds after readiness that the gateway has for its own work. */
const SETTLE_MS = 45_000;

/** A gateway that runs. */
export interface Gateway {
  pid: number;
  url: string;
  stop(): Promise<void>;
}

/** Starts a release as the launcher does, and resolves when it has come to rest. */
export async function startGateway(directory: string, place: Place): Promise<Gateway> {
  const url = `http://127.0.0.1:${place.port}`;
  const release = realpathSync(directory);
  const log = openSync(place.log, 'a');
  const child = spawn(join(release, 'node'), [realpathSync(join(release, 'main')), 'gateway'], {
    ...{ env: place.env, detached: true, stdio: ['ignore', log, log], cwd: place.path },
  });
  closeSync(log);
  const pid = child.pid ?? Number.NaN;
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await Promise.race([ended, setTimeout(15_000, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) killTree(pid);
  };
  try {
    const ready = async () => (await fetch(`${url}/readyz`).catch(() => null))?.status === 200;
    await until(`the gateway is ready; see\n${place.log}`, ready, READY_WITHIN_MS);
    await setTimeout(SETTLE_MS);
    return { pid, url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
