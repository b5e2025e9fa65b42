import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { writtenTo } from '../support/disk-number.js';
import { onFreshDisk } from './fresh-disk.js';
import { type Figures, measure } from './measure.js';
import type { Peer } from './peers.js';

export interface Installed extends Figures {
  /** Given to the disk to write, until all was on it. */
  writtenMebibytes: number;
  /** From the start until all was on the disk. */
  flushedSeconds: number;
}

/** @param found a directory with the `place` and the `cache` that are there already, as far as they are */
export function onGround<T>(
  directory: string,
  found: string | null,
  work: (ground: string) => Promise<T>,
): Promise<T> {
  return onFreshDisk(directory, async (ground) => {
    if (found !== null) await copy(readdirSync(found), found, ground);
    return work(ground);
  });
}

export async function copy(names: string[], from: string, to: string): Promise<void> {
  for (const name of names) await execa('cp', ['-a', join(from, name), to]);
}

export async function install(peer: Peer, version: string, ground: string): Promise<Installed> {
  const [place, cache] = [join(ground, 'place'), join(ground, 'cache')];
  for (const directory of [place, cache]) mkdirSync(directory, { recursive: true });
  const command = peer.command(version, place, cache);
  // Flushes what was written before, so that it is not written while this is measured.
  await execa('sync');
  const [begun, before] = [performance.now(), writtenTo(ground)];
  const figures = await measure(command);
  await execa('sync', ['-f', ground]);
  const flushedSeconds = (performance.now() - begun) / 1000;
  return { ...figures, flushedSeconds, writtenMebibytes: (writtenTo(ground) - before) / 2 ** 20 };
}
