import { existsSync, readFileSync, statSync } from 'node:fs';

/** Number of the disk that has a path, as in `8:0`; limits are for whole disks. */
export function diskOf(path: string): string {
  const { dev } = statSync(path);
  const number = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  const device = `/sys/dev/block/${number}`;
  return existsSync(`${device}/partition`) ? readFileSync(`${device}/../dev`, 'utf8').trim() : number;
}

const SECTOR_BYTES = 512;

/** Bytes that the disk under a path has been given to write so far. */
export function writtenTo(path: string): number {
  const fields = readFileSync(`/sys/dev/block/${diskOf(path)}/stat`, 'utf8')
    .trim()
    .split(/\s+/);
  return Number(fields[6]) * SECTOR_BYTES;
}
