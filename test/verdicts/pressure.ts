import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { diskOf } from '../support/disk-number.js';
import { until } from '../support/place.js';

const HYBRID = {
  cpu: '/sys/fs/cgroup/cpu',
  freezer: '/sys/fs/cgroup/freezer',
  disk: '/sys/fs/cgroup/blkio',
};
const UNIFIED = '/sys/fs/cgroup';
const PERIOD_US = 100_000;

/** A control group whose processes get little: of a processor, of a disk, or of any time at all. */
export interface Pressure {
  /** Puts a process into it, and all that it starts from now on. */
  add(pid: number): void;
  /** Limits all of them together to a share of one processor; 1 for no limit. */
  limit(share: number): void;
  /** Limits all of them together to so many bytes a second of the disk that has a path; null for no limit. */
  limitDisk(path: string, bytes: number | null): void;
  /** Holds all of them up for all but a share of the time, as a disk does that everything is swapped to, until aborted. */
  holdUp(share: number, signal: AbortSignal): Promise<void>;
  /** Removes it, when no process is in it any more. */
  remove(): Promise<void>;
}

const SLICE_MS = 400;

/** @throws Error on a host without control groups, or without the superuser */
export function makePressure(name: string): Pressure {
  const old = existsSync(join(HYBRID.cpu, 'cpu.cfs_quota_us'));
  const parents = old ? Object.values(HYBRID).filter((parent) => existsSync(parent)) : [UNIFIED];
  if (!old)
    for (const controller of canLimitDisk() ? ['+cpu', '+io'] : ['+cpu'])
      writeFileSync(join(UNIFIED, 'cgroup.subtree_control'), controller);
  const directories = parents.map((parent) => join(parent, `openclaw-releases-${process.pid}-${name}`));
  for (const directory of directories) mkdirSync(directory);
  const [cpu = '', freezer = cpu, disk = cpu] = directories;
  const freeze = (frozen: boolean) =>
    old
      ? writeFileSync(join(freezer, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED')
      : writeFileSync(join(freezer, 'cgroup.freeze'), frozen ? '1' : '0');
  return {
    add(pid) {
      for (const directory of directories) writeFileSync(join(directory, 'cgroup.procs'), String(pid));
    },
    limit(share) {
      const quota = share < 1 ? Math.round(share * PERIOD_US) : null;
      if (old) writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(quota ?? -1));
      else writeFileSync(join(cpu, 'cpu.max'), `${quota ?? 'max'} ${PERIOD_US}`);
    },
    limitDisk(path, bytes) {
      const device = diskOf(path);
      if (!old)
        return writeFileSync(join(disk, 'io.max'), `${device} rbps=${bytes ?? 'max'} wbps=${bytes ?? 'max'}`);
      for (const kind of ['read', 'write'])
        writeFileSync(join(disk, `blkio.throttle.${kind}_bps_device`), `${device} ${bytes ?? 0}`);
    },
    async holdUp(share, signal) {
      while (!signal.aborted) {
        freeze(true);
        await pause(SLICE_MS * (1 - share), undefined, { signal }).catch(() => {});
        freeze(false);
        await pause(SLICE_MS * share, undefined, { signal }).catch(() => {});
      }
    },
    async remove() {
      await until('nothing runs under pressure', () => {
        try {
          for (const directory of directories) if (existsSync(directory)) rmdirSync(directory);
          return true;
        } catch {
          return false;
        }
      });
    },
  };
}

/** False where the temporary directory is on no disk of its own, as in memory or in an overlay, or no group limits disks. */
export function canLimitDisk(): boolean {
  const isDisk = !diskOf(tmpdir()).startsWith('0:');
  const controllers = join(UNIFIED, 'cgroup.controllers');
  const unified = existsSync(controllers) && readFileSync(controllers, 'utf8').split(/\s/).includes('io');
  return isDisk && (unified || existsSync(join(HYBRID.disk, 'blkio.throttle.read_bps_device')));
}
