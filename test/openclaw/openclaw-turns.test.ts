import { join } from 'node:path';
import { execa } from 'execa';
import { describe } from 'vitest';
import { packed, packing } from './openclaw-repack.js';
import { openclawUnderRun } from './openclaw-run.js';
import { testTurns } from './openclaw-turns.js';

describe('a turn of real OpenClaw under `run` that outlasts the wait of a change', () => {
  testTurns(async (atEnd, version, settings) => {
    const { url, log, ok, place, env } = await openclawUnderRun(atEnd, version, () => settings);
    return {
      ...{ url, ok, log: async () => log() },
      async pack(wanted) {
        await execa('npm', packing(wanted, place), { env, extendEnv: false, cwd: place });
        return join(place, packed(wanted));
      },
    };
  });
});
