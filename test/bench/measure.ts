import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { descendsFrom, processIds } from '../../src/host/process.js';

/** Samples are rare, since they slow down what they measure. */
const SAMPLE_MS = 100;

export interface Figures {
  seconds: number;
  /** User and system time of all processes together that were waited for. */
  cpuSeconds: number;
  /** The most memory at one moment, all processes together; pages that several share are counted once. */
  peakMebibytes: number;
}

export interface Command {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string | undefined>;
}

/**
 * Runs a program to its end.
 * @throws Error with the end of what it said, when it fails
 */
export async function measure({ file, args, cwd, env }: Command): Promise<Figures> {
  const begun = performance.now();
  // A shell tells the processor time of its own children alone, not of others that this process has waited for.
  const child = spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$0" "$@" >&2', file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4_000);
  });
  const memory = new MemoryBelow(child.pid ?? 0);
  const sampling = setInterval(() => memory.look(), SAMPLE_MS);
  const [code] = await once(child, 'close');
  clearInterval(sampling);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${said}`);
  const [user = 0, system = 0] = (said.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, peakMebibytes: Math.round(memory.peakKibibytes / 1024) };
}

/** All processes below one. */
class MemoryBelow {
  peakKibibytes = 0;
  #mostResident = 0;

  constructor(private readonly ancestor: number) {}

  /** The exact figure makes the kernel walk through all pages, so it is asked only where it may be the highest. */
  look(): void {
    const below = processIds().filter((pid) => pid !== this.ancestor && descendsFrom(pid, this.ancestor));
    const resident = sum(below.map(residentPages));
    if (resident <= this.#mostResident) return;
    this.#mostResident = resident;
    this.peakKibibytes = Math.max(this.peakKibibytes, sum(below.map(proportionalKibibytes)));
  }
}

function sum(all: number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

function residentPages(pid: number): number {
  return Number(read(pid, 'statm').split(' ')[1] ?? 0);
}

function proportionalKibibytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0);
}

function read(pid: number, what: string): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
