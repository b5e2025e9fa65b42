import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { descendsFrom, processIds } from '../../src/host/process.js';

const SAMPLE_MS = 50;

export interface Figures {
  seconds: number;
  /** Of user and system, all processes together that were waited for. */
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
  // A shell tells the processor time of what it waited for, whatever else this process has waited for.
  const child = spawn('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$0" "$@" >&2', file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4_000);
  });
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, memoryBelow(child.pid ?? 0));
  }, SAMPLE_MS);
  const [code] = await once(child, 'close');
  clearInterval(sampling);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${said}`);
  const [user = 0, system = 0] = (said.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, peakMebibytes: Math.round(peak / 1024) };
}

/** KiB of all processes below one. */
function memoryBelow(ancestor: number): number {
  return processIds()
    .filter((pid) => pid !== ancestor && descendsFrom(pid, ancestor))
    .reduce((sum, pid) => sum + proportionalKibibytes(pid), 0);
}

function proportionalKibibytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    // It has ended.
    return 0;
  }
}
