import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEEPER = fileURLToPath(new URL('./keeper.sh', import.meta.url));

const PERIOD_US = 100_000;

/** Places of a machine on the host: an overlay of the host's root, and cgroups of its own. */
export interface Disk {
  /** Name of the machine, too. */
  name: string;
  /** Directory below the host's directory for temporary files. */
  directory: string;
  /** The machine's `/`, seen from the host. */
  root: string;
  /** Part of it that differs from what lies below. */
  upper: string;
  /** One folder for each hierarchy: those that systemd uses, and the processor's. */
  cgroups: string[];
  /** Limits the machine to a share of one processor; 1 for no limit. */
  limit(share: number): void;
  /** Kills what is left in the cgroups, unmounts, removes all of it. */
  release(): Promise<void>;
}

/** The cgroup hierarchies of a machine: three on a hybrid host, one with cgroup2 alone. */
export function hierarchies(): string[] {
  const hybrid = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/cpu'];
  return [...hybrid, '/sys/fs/cgroup'].filter((path) => existsSync(join(path, 'cgroup.procs')));
}

/**
 * Mounts an empty machine's disk. A keeper process holds it and removes it when this process ends, however it ends.
 * @param layer directory between the host's root and the disk
 * @throws Error with what `mount` or `mkdir` said
 */
export async function holdDisk(layer?: string): Promise<Disk> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-releases-machine-')));
  const name = basename(directory).replace('openclaw-releases-', '').toLowerCase();
  const cgroups = hierarchies().map((hierarchy) => join(hierarchy, basename(directory)));
  const keeper = spawn(KEEPER, [name, directory, ...cgroups], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, LAB_LAYER: layer ?? '' },
  });
  let complaint = '';
  keeper.stderr.on('data', (text) => {
    complaint += text;
  });
  const ended = once(keeper, 'close').then(([code]) => code as number | null);
  const ready = await Promise.race([once(keeper.stdout, 'data'), ended]);
  if (!Array.isArray(ready)) throw new Error(`The disk of a machine could not be made: ${complaint}`);
  return {
    ...{ name, directory, cgroups, root: join(directory, 'root'), upper: join(directory, 'disk/upper') },
    limit(share) {
      const quota = share < 1 ? Math.round(share * PERIOD_US) : null;
      for (const cgroup of cgroups) {
        const [old, unified] = ['cpu.cfs_quota_us', 'cpu.max'].map((name) => join(cgroup, name)) as [
          string,
          string,
        ];
        if (existsSync(old)) writeFileSync(old, String(quota ?? -1));
        else if (existsSync(unified)) writeFileSync(unified, `${quota ?? 'max'} ${PERIOD_US}`);
      }
    },
    async release() {
      keeper.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`Something of ${name} was left behind: ${complaint}`);
    },
  };
}
