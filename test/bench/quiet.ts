import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { makePlace, type Place } from '../../src/demo/place.js';
import { makeIdleGroup } from '../support/idle-group.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { onFreshDisk } from './fresh-disk.js';
import { type Command, measure } from './measure.js';
import { npm, OURS, ours, type Peer } from './peers.js';
import type { Answers, Asked } from './prober.js';
import { startGateway, urlOf } from './quiet-gateway.js';
import { type BenchOptions, inTurn, type Report, type Section } from './section.js';

const VERSION = '2026.9.6';
const NEXT = '2026.9.5';
const ALONE = 'nothing';
const IDLE = 'worker in an idle group';
const EVERY_MS = 10;
const ALONE_MS = 15_000;

const PROBER = fileURLToPath(new URL('./prober.ts', import.meta.url));

interface Window extends Answers {
  beside: string;
}

/** What the users of a gateway notice while a release is staged beside it. */
export const section: Section = {
  title: 'The gateway while a release is staged beside it',
  async run(options) {
    const node = await sqliteNode();
    const { directory, say } = options;
    const root = join(directory, 'root');
    mkdirSync(root);
    await measure(ours(node).command(VERSION, root, join(directory, 'first-cache')));
    const place = await makePlace();
    const stop = await startGateway(join(root, 'releases', VERSION), place);
    try {
      say(`a gateway of ${VERSION} is ready`);
      return await withIdleGroup(directory, async (idle) =>
        reportOn(await windows([ours(node), idle(ours(node)), npm(node)], place, options)),
      );
    } finally {
      await stop();
      place.remove();
    }
  },
};

/**
 * Gives a peer whose installing worker is in an idle group, as it is where systemd supervises the gateway. What systemd-run does then is
 * done here by what is found as `nice`, since no machine that is booted here may share out the processor.
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
  gateway: Place,
  { rounds, directory, say }: BenchOptions,
): Promise<Window[]> {
  const kinds = [null, ...peers];
  const all: Window[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const peer of inTurn(kinds, round)) {
      const window = peer
        ? await besideOne(peer, gateway, directory)
        : await underLoad(ALONE, gateway, (signal) => setTimeout(ALONE_MS, undefined, { signal }));
      all.push(window);
      const { beside, taken } = window;
      const [p50, p99] = [quantile(taken, 0.5), quantile(taken, 0.99)].map((ms) => ms.toFixed(1));
      say(`beside ${beside}: ${taken.length} answers, p50 ${p50} ms, p99 ${p99} ms`);
    }
  }
  return all;
}

function besideOne(peer: Peer, gateway: Place, directory: string): Promise<Window> {
  const staged = (disk: string) => {
    const [place, cache] = [join(disk, 'place'), join(disk, 'cache')];
    for (const path of [place, cache]) mkdirSync(path);
    return underLoad(peer.name, gateway, () => toEnd(peer.command(NEXT, place, cache)));
  };
  return onFreshDisk(directory, staged, { direct: true });
}

/**
 * Not by `measure`, which looks at all processes and so disturbs what is timed here. In a session of its own, as the gateway
 * is: the kernel may share out the processor by session.
 */
async function toEnd({ file, args, cwd, env }: Command): Promise<void> {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore', detached: true });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}.`);
}

async function underLoad(
  beside: string,
  gateway: Place,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Window> {
  const prober = startProber();
  const stop = new AbortController();
  try {
    const order: Asked = { url: `${urlOf(gateway)}/healthz`, everyMs: EVERY_MS };
    await prober.sendMessage({ ...order });
    await work(stop.signal);
    await prober.sendMessage('stop');
    const answers = (await prober.getOneMessage()) as unknown as Answers;
    return { beside, ...answers };
  } finally {
    stop.abort();
    prober.kill();
  }
}

/**
 * Before all others, and with one thread: those who ask a gateway are elsewhere, and do not wait for a processor of its host.
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

/** @param part of 1 */
function quantile(all: number[], part: number): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length * part)] ?? Number.NaN;
}

/** Of all windows of a kind together: in a single one the p99 is the seventh worst answer, and says little. */
function reportOn(all: Window[]): Report {
  const names = [...new Set(all.map(({ beside }) => beside))];
  const of = (name: string) => all.filter(({ beside }) => beside === name);
  const whole = (name: string, part: number) =>
    quantile(
      of(name).flatMap(({ taken }) => taken),
      part,
    );
  const ratio = (name: string) => whole(name, 0.99) / whole(ALONE, 0.99);
  const rows = names.map((name) => {
    const each = (part: number) => of(name).map(({ taken }) => quantile(taken, part));
    const range = (part: number) =>
      `${whole(name, part).toFixed(1)} (${least(each(part))} to ${most(each(part))})`;
    const unanswered = of(name).reduce((sum, window) => sum + window.unanswered, 0);
    return [name, range(0.5), range(0.99), `${ratio(name).toFixed(2)}x`, unanswered];
  });
  return {
    about: `OpenClaw ${VERSION}, asked for /healthz every ${EVERY_MS} ms while ${NEXT} is staged with an empty cache: of all windows together (of the least and the most of one), each in turn.`,
    tables: [{ columns: ['beside it', 'p50 ms', 'p99 ms', 'of alone', 'unanswered'], rows }],
    targets: [OURS, `${OURS}, ${IDLE}`].map((name) => ({
      ...{ what: `p99 of the gateway beside ${name}, of alone`, ratio: ratio(name), atMost: 1.2 },
    })),
    samples: all,
  };
}

const least = (all: number[]) => Math.min(...all).toFixed(1);
const most = (all: number[]) => Math.max(...all).toFixed(1);
