import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { makePlace } from '../../src/demo/place.js';
import { activityOf, TICKS_PER_SECOND } from '../../src/host/process.js';
import { makeIdleGroup } from '../support/idle-group.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { asker } from './asker.js';
import { onFreshDisk } from './fresh-disk.js';
import { type Command, measure } from './measure.js';
import { npm, ours, type Peer } from './peers.js';
import type { Answers, Asked } from './prober.js';
import { type Gateway, startGateway } from './quiet-gateway.js';
import {
  ALONE,
  BUSY_SHARE,
  IDLE,
  IDLE_EVERY_MS,
  LOADS,
  type Load,
  NEXT,
  quantile,
  reportOn,
  VERSION,
  type Window,
} from './quiet-report.js';
import { type BenchOptions, inTurn, median, type Section } from './section.js';

export const ALONE_MS = 15_000;
/** Answers that tell how long one takes. */
const SAMPLES = 500;

const PROBER = fileURLToPath(new URL('./prober.ts', import.meta.url));

/** Measures what the users of a gateway notice while a release is staged beside it. */
export const section: Section = {
  title: 'The gateway while a release is staged beside it',
  async run(options) {
    const node = await sqliteNode();
    const { directory, say } = options;
    const root = join(directory, 'root');
    mkdirSync(root);
    await measure(ours(node).command(VERSION, root, join(directory, 'first-cache')));
    const place = await makePlace();
    const gateway = await startGateway(join(root, 'releases', VERSION), place);
    try {
      say(`a gateway of ${VERSION} is ready`);
      return await withIdleGroup(directory, async (idle) =>
        reportOn(await windows([ours(node), idle(ours(node)), npm(node)], gateway, options)),
      );
    } finally {
      await gateway.stop();
      place.remove();
    }
  },
};

/**
 * Gives a peer whose installing worker is in an idle group, as it is where systemd supervises the gateway. The work of systemd-run is then
 * done here by the program found as `nice`, since no machine that is booted here may share out the processor.
 */
async function withIdleGroup<T>(
  directory: string,
  work: (idle: (peer: Peer) => Peer) => Promise<T>,
): Promise<T> {
  const group = makeIdleGroup();
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const script = `#!/bin/sh\necho $$ >${group.processes}\nPATH=\${PATH#*:} exec nice "$@"\n`;
  writeFileSync(join(bin, 'nice'), script, { mode: 0o755 });
  try {
    return await work((peer) => ({
      name: `${peer.name}, ${IDLE}`,
      command(...args) {
        const command = peer.command(...args);
        return { ...command, env: { ...command.env, PATH: `${bin}:${command.env?.PATH}` } };
      },
    }));
  } finally {
    group.remove();
  }
}

async function windows(
  peers: Peer[],
  gateway: Gateway,
  { rounds, directory, say }: BenchOptions,
): Promise<Window[]> {
  const kinds = (Object.keys(LOADS) as Load[]).flatMap((load) =>
    [null, ...peers].map((peer) => ({ load, peer })),
  );
  const all: Window[] = [];
  const asked = await paced(gateway);
  for (let round = 0; round < rounds; round++) {
    for (const { load, peer } of inTurn(kinds, round)) {
      const window = peer
        ? await besideOne(peer, load, asked, directory)
        : await underLoad(ALONE, load, asked, (signal) => setTimeout(ALONE_MS, undefined, { signal }));
      all.push(window);
      const { beside, taken } = window;
      const [p50, p99] = [0.5, 0.99].map((share) => quantile([window], share).toFixed(1));
      say(`${load}, beside ${beside}: ${taken.length} answers, p50 ${p50} ms, p99 ${p99} ms`);
    }
  }
  return all;
}

function besideOne(peer: Peer, load: Load, gateway: Paced, directory: string): Promise<Window> {
  const staged = (disk: string) => {
    const [place, cache] = [join(disk, 'place'), join(disk, 'cache')];
    for (const path of [place, cache]) mkdirSync(path);
    return underLoad(peer.name, load, gateway, () => toEnd(peer.command(NEXT, place, cache)));
  };
  return onFreshDisk(directory, staged, { direct: true });
}

/**
 * Avoids `measure`, which looks at all processes and so disturbs what is timed here. In a session of its own, as the gateway
 * is: the kernel may share out the processor by session.
 */
export async function toEnd({ file, args, cwd, env }: Command): Promise<void> {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore', detached: true });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}.`);
}

export interface Paced extends Pick<Gateway, 'pid' | 'url'> {
  /** Milliseconds between two questions. */
  everyMs: Record<Load, number>;
}

/** Measures how often this gateway can be asked: a fixed rate is more than a slow machine answers, and then all wait in line. */
export async function paced({ pid, url }: Pick<Gateway, 'pid' | 'url'>): Promise<Paced> {
  const { ask, close } = asker();
  const taken: number[] = [];
  for (let n = 0; n < SAMPLES; n++) {
    const ms = await ask(url + LOADS.busy);
    if (ms === null) throw new Error(`${url} did not answer.`);
    taken.push(ms);
  }
  close();
  // A timer counts whole milliseconds.
  const busy = Math.max(1, Math.round(median(taken) / BUSY_SHARE));
  return { pid, url, everyMs: { busy, idle: IDLE_EVERY_MS } };
}

export async function underLoad(
  beside: string,
  load: Load,
  gateway: Paced,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Window> {
  const prober = startProber();
  const stop = new AbortController();
  const order: Asked = { url: gateway.url + LOADS[load], everyMs: gateway.everyMs[load] };
  const begun = performance.now();
  const before = activityOf(gateway.pid).ticks;
  try {
    await prober.sendMessage({ ...order });
    await work(stop.signal);
    await prober.sendMessage('stop');
    const answers = (await prober.getOneMessage()) as unknown as Answers;
    const ticks = activityOf(gateway.pid).ticks - before;
    const taking = ticks / TICKS_PER_SECOND / ((performance.now() - begun) / 1000);
    return { beside, load, taking, ...answers };
  } finally {
    stop.abort();
    prober.kill();
  }
}

/**
 * Runs before all others and with one thread: clients of a gateway are elsewhere, and do not wait for a processor of its host.
 */
function startProber() {
  const [file, ...args] = [
    'chrt',
    '--fifo',
    '1',
    process.execPath,
    '--single-threaded-gc',
    '--import',
    'tsx',
    PROBER,
  ];
  return execa(file, args, { ipc: true, reject: false });
}
