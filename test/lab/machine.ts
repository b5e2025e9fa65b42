import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AtEnd } from '../support/place.js';
import { type Boot, boot, REBOOT } from './boot.js';
import { holdDisk } from './disk.js';
import { enter, type Ran, type RunOptions, runInside, type Who } from './inside.js';
import { bindsOf, makeShared, prepareRoot } from './system.js';

export { NODE, type Ran, type RunOptions, type Who } from './inside.js';
export { REPOSITORY } from './system.js';

/**
 * A Debian with a systemd of its own, a user `claw` whose manager lingers, and the host's programs and network.
 *
 * The kernel and its clock are the host's: start ticks and ports are shared, and so would the boot id be, but
 * systemd-nspawn mounts a new one over `/proc/sys/kernel/random/boot_id` at each start. So inside, the boot id changes
 * with every reboot and crash as it does on hardware, and pids begin again; seen from the host it never changes.
 * `/run`, `/dev/shm` and `/tmp` are empty after each boot. There are no memory limits where the host keeps cgroup1's
 * memory controller, and no loop devices.
 */
export interface Machine {
  readonly name: string;
  /** The machine's `/`, seen from the host; its `/run`, `/tmp` and `/proc` are not in it. */
  readonly root: string;
  /** A directory at the same path on the host and inside, which everybody may write to. */
  readonly shared: string;
  readonly claw: { uid: number; home: string };
  /** The machine's init as the host counts; another one after each boot. */
  leader(): number;
  /**
   * Runs a shell command as a login of that user would (`claw` unless said otherwise): in a session scope of its
   * own, outside of every service, with HOME, PATH and XDG_RUNTIME_DIR as a login has them.
   * @throws Error with what it printed when it does not end with 0, unless `reject` is false; or when it takes too long
   */
  run(command: string, options?: RunOptions): Promise<Ran>;
  /** Properties of a unit from `systemctl show`; `user` is claw's manager. */
  unit(name: string, scope: 'user' | 'system'): Promise<Record<string, string>>;
  /** Journal of a unit of either scope, with its manager's lines about it, over all boots. */
  journal(unit: string): Promise<string>;
  /** The identifier of this boot, as programs inside read it. */
  bootId(): Promise<string>;
  /** Writes a file with its directories, as that user. */
  write(path: string, text: string, owner?: Who): Promise<void>;
  read(path: string): Promise<string>;
  /** Limits all that runs in it to a share of one processor, until it ends or for 1. */
  limit(share: number): void;
  /** An orderly reboot, and waits for the new boot. */
  reboot(): Promise<void>;
  /** Ends everything at once, as a power cut does, and boots again. Written data stays, synced or not. */
  crash(): Promise<void>;
  /** Powers the machine off. Its disk stays until the end of the test, for copies of it. */
  powerOff(): Promise<Layer>;
  /** Ends the machine and leaves nothing of it. */
  end(): Promise<void>;
}

/** Disk of a machine that is off: what differs from the host's root. */
export interface Layer {
  upper: string;
  uid: number;
}

export interface MachineOptions {
  atEnd?: AtEnd;
  /** Begins with a copy of that disk. */
  copyOf?: Layer;
  /** Path of a network namespace to run in; the host's network unless given. */
  network?: string;
  /** Directories of the host at other paths inside, as `from:at`. */
  binds?: string[];
}

/**
 * Boots a new machine, in about two seconds; it ends with the test, or with `atEnd` (`atEndOfAll` for a `beforeAll`),
 * and when this process ends without either.
 * @throws Error with the machine's console when it does not boot within a minute; nothing of it is left then
 */
export async function bootMachine({
  atEnd = onTestFinished,
  copyOf,
  network,
  binds = [],
}: MachineOptions = {}): Promise<Machine> {
  const disk = await holdDisk(copyOf?.upper);
  let turn = 0;
  let now: Boot | undefined;
  let ending: Promise<void> | undefined;
  const end = async () => {
    // The keeper kills what does not end in time.
    await now?.kill().catch(() => {});
    await disk.release();
  };
  const endOnce = () => {
    ending ??= end();
    return ending;
  };
  atEnd(endOnce);

  const shared = join(disk.directory, 'shared');
  let uid = 0;
  const start = async () => {
    now = undefined;
    const more = [
      ...(network ? [`--network-namespace-path=${network}`] : []),
      ...binds.map((bind) => `--bind=${bind}`),
    ];
    now = await boot(disk, { turn: ++turn, binds: [...bindsOf(disk, shared), ...more], uid, shared });
  };
  const running = () => {
    if (!now) throw new Error(`${disk.name} does not run.`);
    return now;
  };
  try {
    makeShared(shared);
    uid = copyOf ? copyOf.uid : prepareRoot(disk.root);
    await start();
  } catch (error) {
    await endOnce();
    throw error;
  }

  const look = async (argv: string[], as: Who = 'root') =>
    (await enter(running().place, argv, { as })).stdout;

  return {
    ...{ name: disk.name, root: disk.root, shared, claw: { uid, home: '/home/claw' } },
    leader: () => running().place.leader,
    run: (command, options) => runInside(running().place, command, options),
    async unit(name, scope) {
      const user = scope === 'user';
      const lines = await look(
        ['systemctl', ...(user ? ['--user'] : []), 'show', '--', name],
        user ? 'claw' : 'root',
      );
      return record(lines);
    },
    journal(unit) {
      const fields = ['_SYSTEMD_UNIT', '_SYSTEMD_USER_UNIT', 'UNIT', 'USER_UNIT'];
      const matches = fields.flatMap((field) => ['+', `${field}=${unit}`]).slice(1);
      return look(['journalctl', '--quiet', '--no-pager', '--output=short-precise', ...matches]);
    },
    limit: (share) => disk.limit(share),
    bootId: () => look(['cat', '/proc/sys/kernel/random/boot_id']),
    async write(path, text, owner = 'claw') {
      const script = 'mkdir -p -- "$(dirname -- "$1")" && cat >"$1"';
      await enter(running().place, ['sh', '-c', script, 'sh', path], { as: owner, input: text });
    },
    async read(path) {
      // The final newline stays, which `look` takes away.
      const { stdout } = await enter(running().place, ['sh', '-c', 'cat -- "$1" && echo .', 'sh', path]);
      return stdout.slice(0, -1);
    },
    async reboot() {
      const { place, ended } = running();
      // Its answer may get lost in the shutdown.
      await enter(place, ['systemctl', 'reboot'], { reject: false });
      const code = await ended();
      if (code !== REBOOT) throw new Error(`${disk.name} ended with ${code} instead of rebooting.`);
      await start();
    },
    async powerOff() {
      const { place, ended } = running();
      await enter(place, ['systemctl', 'poweroff'], { reject: false });
      await ended();
      return { upper: disk.upper, uid };
    },
    async crash() {
      await running().kill();
      await start();
    },
    end: endOnce,
  };
}

/** Lines `KEY=value` as a record. */
function record(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
