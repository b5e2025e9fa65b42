import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { environmentOf, processIds } from '../../src/host/process.js';
import { type AtEnd, temporaryDirectory, writeTree } from '../support/place.js';
import { CLI } from '../support/world.js';

/** Two stages, three starts and two settling times of real OpenClaw, on a busy machine. */
export const LONG_MS = 600_000;

/** A place for demos one after the other, with a cache of npm that they share. */
export function demoPlace(atEnd: AtEnd) {
  const directory = temporaryDirectory('demo', atEnd);
  const temporary = writeTree(join(directory, 'tmp'), { '.keep': '' });
  return {
    start: () =>
      execa(process.execPath, [CLI, 'demo', '--cache', join(directory, 'cache')], {
        env: { TMPDIR: temporary },
        reject: false,
        stdin: 'ignore',
        all: true,
        timeout: LONG_MS,
        forceKillAfterDelay: false,
      }),
    /** Every process that a demo started, directly or not, has its temporary directory in the environment. */
    leftBehind(): string[] {
      const processes = processIds().filter((pid) => environmentOf(pid).TMPDIR?.startsWith(temporary));
      return [
        ...processes.map((pid) => `process ${pid}`),
        ...readdirSync(temporary).filter((name) => name !== '.keep'),
      ];
    },
  };
}
