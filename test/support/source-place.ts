import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { commandLineOf, descendsFrom, processIds } from '../../src/host/process.js';
import { type ClientOptions, loadClientOptions } from '../../src/registry/client.js';
import { removeDirectory } from './place.js';
import { slowness } from './slowness.js';

/** A directory of its own for one test, with an npm cache and an npmrc that are nobody else's. */
export interface Place {
  directory: string;
  path(...names: string[]): string;
  options(registry: string): Promise<ClientOptions>;
  dispose(): void;
}

/** npm finishes a write to its cache after it has reported an error, and makes the directory again for it. */
const removed: string[] = [];
afterAll(() => removed.forEach(removeDirectory));

export function makePlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'source-'));
  const npmrc = join(directory, 'npmrc');
  // Waits between two tries are shorter here.
  writeFileSync(npmrc, 'fetch-retry-mintimeout=50\nfetch-retry-maxtimeout=200\n');
  const before = process.env.npm_config_userconfig;
  process.env.npm_config_userconfig = npmrc;
  return {
    directory,
    path: (...names) => join(directory, ...names),
    options: (registry) =>
      loadClientOptions({
        registry,
        cache: join(directory, 'cache'),
        keysFile: join(directory, 'registry-keys.json'),
      }),
    dispose() {
      if (before === undefined) delete process.env.npm_config_userconfig;
      else process.env.npm_config_userconfig = before;
      removeDirectory(directory);
      removed.push(directory);
    },
  };
}

/** Waits until something holds, and fails when it does not within ten seconds of a usual machine. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const limitMs = 10_000 * slowness;
  const deadline = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function exists(path: string): boolean {
  return existsSync(path);
}

/** Processes whose command line names this text. */
export function processesNaming(text: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && commandLineOf(pid).includes(text));
}

/** The installing processes below this one, or below another. */
export function workersOf(ancestor = process.pid): number[] {
  return processesNaming('install/process/install-worker.cjs').filter((pid) => descendsFrom(pid, ancestor));
}

/** Error that a promise was rejected with; fails when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('It was expected to fail');
}
