import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { until } from '../support/place.js';
import type { Disk } from './disk.js';
import { enter, type Place } from './inside.js';

/** Milliseconds for a boot, until the user's manager answers, and for an orderly shutdown. */
const BOOT_WITHIN = 60_000;
const END_WITHIN = 60_000;

/** Exit code of systemd-nspawn after a reboot from inside, with `--keep-unit`: its caller is to start it again. */
export const REBOOT = 133;

/** One run of a machine, from its start to its power-off. */
export interface Boot {
  place: Place;
  /** Waits for the end; answers the exit code of systemd-nspawn. */
  ended(): Promise<number | undefined>;
  /** Kills the machine's init, and everything in the machine with it; waits for the end. */
  kill(): Promise<void>;
}

// Enters its own cgroup before anything else: a new systemd empties the cgroup it finds itself in, the host's otherwise.
const START = `
for group in $LAB_CGROUPS; do echo $$ >"$group/cgroup.procs" || exit 1; done
exec systemd-nspawn "$@"
`;

/** A file of `/proc`, empty when its process is gone. */
function look(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The machine's init as the host counts: the one child of systemd-nspawn that is 1 in a namespace of its own. */
function leaderOf(nspawn: number): number | undefined {
  const children = look(`/proc/${nspawn}/task/${nspawn}/children`).trim().split(' ').map(Number);
  return children.find((pid) => /^NSpid:.*\t1$/m.test(look(`/proc/${pid}/status`)));
}

/**
 * Boots what is on the disk and waits until the user's manager has started everything.
 * @param options.turn counts the boots of this disk
 * @param options.binds arguments of systemd-nspawn
 * @throws Error with the machine's console when it ends early or takes too long
 */
export async function boot(
  disk: Disk,
  options: { turn: number; binds: string[]; uid: number; shared: string },
): Promise<Boot> {
  // One cgroup for each boot: the folders of the last one may not take processes any more.
  const cgroups = disk.cgroups.map((cgroup) => join(cgroup, `boot-${options.turn}`));
  for (const cgroup of cgroups) mkdirSync(cgroup);
  const nspawn = execa(
    'sh',
    [
      ...['-c', START, 'sh', '--quiet', `--directory=${disk.root}`, `--machine=${disk.name}`],
      ...['--register=no', '--keep-unit', '--link-journal=no', ...options.binds],
      ...['--boot', 'systemd.unit=multi-user.target', 'systemd.show_status=yes', 'systemd.log_color=no'],
    ],
    {
      // cgroup2 alone is inside, as on today's hosts, even where this host has another.
      env: { LAB_CGROUPS: cgroups.join(' '), SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
      stdin: 'ignore',
      all: true,
      detached: true,
      cleanup: false,
      reject: false,
      forceKillAfterDelay: false,
    },
  );
  let console = '';
  nspawn.all.on('data', (text) => {
    console += text;
  });
  let over = false;
  const end = nspawn.then(({ exitCode }) => {
    over = true;
    return exitCode;
  });

  const place: Place = { leader: 0, uid: options.uid, shared: options.shared };
  const settled = async (as: 'claw' | 'root') => {
    const command = ['systemctl', ...(as === 'claw' ? ['--user'] : []), 'is-system-running'];
    const { stdout } = await enter(place, command, { as, reject: false });
    return ['running', 'degraded'].includes(stdout);
  };
  try {
    await until(
      'the machine and the manager of claw run',
      async () => {
        if (over) throw new Error('systemd-nspawn ended');
        place.leader = leaderOf(nspawn.pid ?? 0) ?? 0;
        return place.leader > 0 && (await settled('root')) && (await settled('claw'));
      },
      BOOT_WITHIN,
    );
  } catch (cause) {
    throw new Error(`The machine did not boot; its console said:\n${console}`, { cause });
  }

  const ended = async () => {
    await until(`the machine ended:\n${console.slice(-2_000)}`, () => over, END_WITHIN);
    return end;
  };
  return {
    place,
    ended,
    async kill() {
      // The pid is looked up again: that of a machine that ended meanwhile may be somebody else's by now.
      const leader = over ? undefined : leaderOf(nspawn.pid ?? 0);
      if (leader) process.kill(leader, 'SIGKILL');
      await ended();
    },
  };
}
