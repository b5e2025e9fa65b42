import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ownFile } from '../../src/core/own-files.js';
import { makePlace, type Place } from '../../src/demo/place.js';
import { killTree } from '../../src/host/process-tree.js';
import { pointCurrent } from '../../src/store/links.js';
import { rootAt } from '../../src/store/root.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import { until } from '../support/place.js';
import { type Command, measure } from './measure.js';
import { npm } from './peers.js';
import type { Watched } from './watch.js';

const READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 60_000;

/** A gateway with a state of its own, and a way to replace it. */
export interface Host extends Watched {
  /** Gets a version onto the disk and starts it. */
  begin(version: string): Promise<void>;
  /** Gets another version onto the disk where that is possible while the gateway runs. */
  stage(version: string): Promise<unknown>;
  restart(): Promise<unknown>;
  update(version: string): Promise<unknown>;
  rollback(version: string): Promise<unknown>;
  /** Output of the gateways of this host. */
  log(): string;
  remove(): Promise<void>;
}

export interface OurHost extends Host {
  command(...args: string[]): Command;
  /** Sets what the next restart starts, and nothing else. */
  point(version: string): Promise<unknown>;
}

/** Host under the built-in supervisor, with a root of its own. */
export async function ourHost(cache: string): Promise<OurHost> {
  const place = await makePlace(cache);
  const cli = ownFile('dist/cli/main.cjs');
  const env = place.env as Record<string, string>;
  const command = (...args: string[]) => ({
    ...{ file: process.execPath, args: [cli, ...args], cwd: place.path, env },
  });
  const run = (...args: string[]) => measure(command(...args));
  const asked = builtinSupervisor(env.OPENCLAW_RELEASES_ROOT ?? '');
  let supervisor: Started | null = null;
  return {
    command,
    url: urlOf(place),
    pid: async () => (await asked.inspect()).pid ?? Number.NaN,
    async begin(version) {
      await run('stage', version);
      await run('switch', version, '--no-restart');
      supervisor = start(place, process.execPath, [cli, 'run']);
      await untilReady(place);
    },
    // Tries it as `update` does.
    stage: (version) => run('stage', version, '--probe', 'auto'),
    // The command would ask about the state first, which no copy protects then.
    point: async (version) => pointCurrent(rootAt(env.OPENCLAW_RELEASES_ROOT ?? ''), version),
    restart: () => asked.restart(),
    update: (version) => run('update', version),
    rollback: () => run('rollback', '--yes'),
    log: () => readFileSync(place.log, 'utf8'),
    async remove() {
      await supervisor?.end();
      place.remove();
    },
  };
}

/** Host that npm replaces in place, and that starts from npm's prefix. */
export async function npmHost(node: string, cache: string): Promise<Host> {
  const place = await makePlace(cache);
  const prefix = join(place.path, 'prefix');
  mkdirSync(prefix);
  const install = (version: string) => {
    const command = npm(node).command(version, prefix, cache);
    return measure({ ...command, env: { ...place.env, ...command.env } });
  };
  const main = join(prefix, 'lib/node_modules/openclaw/openclaw.mjs');
  let gateway: Started | null = null;
  const restart = async () => {
    await gateway?.end();
    const started = start(place, node, [main, 'gateway']);
    gateway = started;
    const dead = started.ended.then((code) => Promise.reject(new Error(`it exited with ${code}`)));
    await Promise.race([untilReady(place), dead]);
  };
  const replace = async (version: string) => {
    await install(version);
    await restart();
  };
  return {
    url: urlOf(place),
    pid: async () => gateway?.pid ?? Number.NaN,
    begin: replace,
    stage: async () => {},
    restart,
    update: replace,
    rollback: replace,
    log: () => readFileSync(place.log, 'utf8'),
    async remove() {
      await gateway?.end();
      place.remove();
    },
  };
}

interface Started {
  pid: number;
  ended: Promise<number | null>;
  end(): Promise<void>;
}

function start(place: Place, file: string, args: string[]): Started {
  const log = openSync(place.log, 'a');
  const child = spawn(file, args, {
    ...{ cwd: place.path, env: place.env, detached: true, stdio: ['ignore', log, log] },
  });
  closeSync(log);
  const pid = child.pid ?? Number.NaN;
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    pid,
    ended,
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await Promise.race([ended, setTimeout(STOP_WITHIN_MS, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) killTree(pid);
    },
  };
}

function urlOf({ port }: Place): string {
  return `http://127.0.0.1:${port}`;
}

async function untilReady(place: Place): Promise<void> {
  const ask = () => fetch(`${urlOf(place)}/readyz`, { headers: { connection: 'close' } }).catch(() => null);
  await until(
    `the gateway is ready; see ${place.log}`,
    async () => (await ask())?.status === 200,
    READY_WITHIN_MS,
  );
}
