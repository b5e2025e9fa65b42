import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { removeDirectory } from '../support/place.js';

/**
 * For so long ext4 gives the number of a removed file to no new one, once the removal is on disk (`recently_deleted` in its
 * `ialloc.c`), and walks past all such numbers for every file that is made: after an OpenClaw was removed, installing another
 * takes several times as long.
 */
const REMEMBERED_MS = 61_000;

/** What was measured, kept until nothing is measured any more: removing it would slow down what is measured next. */
export class Aside {
  readonly #directory: string;
  #last = 0;

  constructor(directory: string) {
    this.#directory = join(directory, 'aside');
    mkdirSync(this.#directory);
  }

  put(...paths: string[]): void {
    for (const path of paths) renameSync(path, join(this.#directory, String(++this.#last)));
  }

  /** To be followed by `forgotten`. */
  empty(): void {
    removeDirectory(this.#directory);
    mkdirSync(this.#directory);
  }
}

/** Resolves when what was removed until now slows nothing down any more. */
export async function forgotten(): Promise<void> {
  await execa('sync');
  await setTimeout(REMEMBERED_MS);
}
