import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A cgroup in which all processes together get so much memory, what they read and write included. */
export interface MemoryLimit {
  /** Words before a program and its arguments that start it in there. */
  prefix: [file: string, ...args: string[]];
  /** Count of processes killed because there was no more. */
  kills(): number;
  /** Removes the limit, when no process is in it any more. */
  remove(): void;
}

const HYBRID = '/sys/fs/cgroup/memory';
const UNIFIED = '/sys/fs/cgroup';

/** @throws Error that says what is missing */
export function limitMemory(mebibytes: number): MemoryLimit {
  const old = existsSync(join(HYBRID, 'memory.limit_in_bytes'));
  if (!old) writeFileSync(join(UNIFIED, 'cgroup.subtree_control'), '+memory');
  const directory = join(old ? HYBRID : UNIFIED, `openclaw-releases-${process.pid}-${mebibytes}`);
  mkdirSync(directory);
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write(old ? 'memory.limit_in_bytes' : 'memory.max', String(mebibytes << 20));
  // Swap would hide what does not fit.
  if (!old && existsSync(join(directory, 'memory.swap.max'))) write('memory.swap.max', '0');
  const counter = join(directory, old ? 'memory.oom_control' : 'memory.events');
  return {
    prefix: ['sh', '-c', 'echo $$ >"$0" && exec "$@"', join(directory, 'cgroup.procs')],
    kills: () => Number(/^oom_kill (\d+)/m.exec(readFileSync(counter, 'utf8'))?.[1] ?? Number.NaN),
    remove: () => rmdirSync(directory),
  };
}
