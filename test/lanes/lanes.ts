import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { slowness } from '../support/slowness.js';

/** Something a lane cannot run without. */
export interface Need {
  /** Words for "this lane needs …". */
  name: string;
  /** The Debian package that has it; none for root and for what a kernel has. */
  package?: string;
  isMet(): boolean;
}

/** Test files that run as one vitest project, by `npm run test:<name>`. */
export interface Lane {
  name: string;
  /** Folders below `test/` that have its files; the one of its name unless given. */
  folders?: string[];
  /** Tells which files of its folders belong to it, by their text; all of them unless given. */
  holds?: (text: string) => boolean;
  /** Its files run in the same processes, one after the other, so each module is loaded once in each of them. */
  sharesModules?: boolean;
  /** Subject, for the list that `npm test` ends with. */
  about: string;
  needs: readonly Need[];
  /** Most of its files prove something rare: a run may draw a share of them (`draw.ts`), and never less than this. */
  leastShare?: number;
  /** Files to draw among, by their paths in the lane; the others run always. All of them unless given. */
  drawsAmong?: RegExp;
  /** Files that a draw leaves out, each longer than all else that is drawn; a run of the whole lane has them. */
  beyondDraw?: RegExp;
  /** Real OpenClaw exceeds its own limits beside other load on two cores: its files run last. */
  alone?: boolean;
  /** Its files run one after the other: each boots six machines. */
  serial?: boolean;
}

const root: Need = { name: 'root', isMet: () => process.getuid?.() === 0 };

const cgroup2: Need = {
  name: 'cgroup2 below /sys/fs/cgroup',
  isMet: () => existsSync('/sys/fs/cgroup/cgroup.procs') || existsSync('/sys/fs/cgroup/unified/cgroup.procs'),
};

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Browser of the page's tests: the value of `OPENCLAW_RELEASES_CHROMIUM`, else an installed one. */
export function chromiumPath(): string | undefined {
  return process.env.OPENCLAW_RELEASES_CHROMIUM ?? CHROMIUM.find((path) => existsSync(path));
}

const chromium: Need = {
  name: 'Chromium',
  package: 'chromium',
  isMet: () => chromiumPath() !== undefined,
};

const FAKETIME = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`,
);

/** The library that answers a program's questions for the time. */
export function faketimePath(): string | undefined {
  return FAKETIME.find((path) => existsSync(path));
}

const faketime: Need = {
  name: 'libfaketime',
  package: 'faketime',
  isMet: () => faketimePath() !== undefined,
};

const armLibraries: Need = {
  name: 'libraries of arm64',
  package: 'libstdc++6-arm64-cross',
  isMet: () => existsSync('/usr/aarch64-linux-gnu/lib/libstdc++.so.6'),
};

function command(name: string, debianPackage: string): Need {
  return { name, package: debianPackage, isMet: () => isOnPath(name) };
}

function isOnPath(name: string): boolean {
  // An ordinary user's PATH lacks the places of mkfs and mount.
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function filesystem(type: string): Need {
  return {
    name: `a kernel with ${type}`,
    isMet() {
      spawnSync('modprobe', [type]);
      return readFileSync('/proc/filesystems', 'utf8').includes(`\t${type}\n`);
    },
  };
}

const filesystems = [command('mkfs.ext4', 'e2fsprogs'), command('xfs_io', 'xfsprogs')];
const machine = [root, command('systemd-nspawn', 'systemd-container'), cgroup2];

const fleet = [
  ...machine,
  command('ansible-playbook', 'ansible-core'),
  command('sshd', 'openssh-server'),
  command('ip', 'iproute2'),
];

/** Modules that a file replaces, or prepares something for before they load, cannot be those of other files. */
const ownModules = (text: string) => /\bvi\.(mock|hoisted)\(/.test(text);
const unit = { folders: ['unit', 'hosts'], needs: [], leastShare: 0 };

/** Quick lanes are `npm test`; they need Node and npm's packages alone. */
export const QUICK_LANES: readonly Lane[] = [
  { ...unit, name: 'unit', about: 'modules', holds: (text) => !ownModules(text), sharesModules: true },
  { ...unit, name: 'mocked', about: 'modules whose imports are replaced', holds: ownModules },
  { name: 'integration', about: 'the built command on miniature releases', needs: [], leastShare: 0 },
];

export const FULL_LANES: readonly Lane[] = [
  { name: 'stories', about: 'long stories of the built command', needs: [], leastShare: 0 },
  { name: 'killed', about: 'kills and failures at each durable write', needs: [], leastShare: 0 },
  {
    name: 'host',
    about: 'small filesystems, other users, other shells, a terminal',
    needs: [
      root,
      ...filesystems,
      command('mkfs.btrfs', 'btrfs-progs'),
      filesystem('xfs'),
      filesystem('btrfs'),
      command('busybox', 'busybox'),
      command('dash', 'dash'),
      command('setpriv', 'util-linux'),
      command('script', 'bsdutils'),
      command('zsh', 'zsh'),
      command('fish', 'fish'),
      faketime,
      command('ssh-keygen', 'openssh-client'),
      command('qemu-aarch64-static', 'qemu-user-static'),
      armLibraries,
    ],
    leastShare: 0,
  },
  {
    name: 'attacks',
    about: 'attacks on root, on checksums and on secrets',
    needs: [root, command('setpriv', 'util-linux'), command('unshare', 'util-linux')],
  },
  {
    name: 'torture',
    about: 'power cuts, full disks and kills at drawn moments',
    needs: [root, ...filesystems, command('eatmydata', 'eatmydata')],
    leastShare: 0,
  },
  {
    name: 'supervisors',
    about: 'the command under supervisord, pm2, runit, s6, OpenRC, and as the first process',
    needs: [
      root,
      command('unshare', 'util-linux'),
      command('supervisord', 'supervisor'),
      command('runsvdir', 'runit'),
      command('s6-svscan', 's6'),
      command('openrc-run', 'openrc'),
      command('busybox', 'busybox'),
    ],
    leastShare: 0,
  },
  { name: 'month', about: 'a month of the timer', needs: [faketime] },
  { name: 'page', about: 'the page in a browser', needs: [chromium] },
  {
    name: 'lab',
    about: 'a real systemd on throw-away machines',
    needs: [...machine, faketime, command('strace', 'strace')],
    leastShare: slowness >= 2 ? 0.1 : 0.25,
  },
  {
    name: 'fleet',
    about: 'the Ansible collection, over simulated hosts and over machines',
    needs: [...fleet, command('ansible-lint', 'ansible-lint')],
    serial: true,
    leastShare: 0,
  },
  {
    name: 'openclaw',
    about: 'real OpenClaw from the registry',
    needs: fleet,
    alone: true,
    leastShare: 0,
    drawsAmong: /^(hosts\/|demo-interrupted|openclaw-(state|plugin|credential|turns|doors|doors-june)\.)/,
    // Ten minutes and more: three turns that outlast a drain, and three machines that get two releases.
    beyondDraw: /^openclaw-(turns-systemd|fleet)\./,
  },
];

/** Lane that `lab` runs on its machines, as a user and as root: it needs the systemd of the host. */
export const INNER_LANE: Lane = { name: 'systemd', about: 'the supervisor under systemd', needs: [] };

/** Lanes that are programs of their own, and not vitest projects. */
export const OTHER_LANES = ['nodes', 'bare', 'mutants'];

const TESTS = fileURLToPath(new URL('..', import.meta.url));

/** Test files of a lane, as paths from the checkout. */
export function filesOf({ name, folders = [name], holds = () => true }: Lane): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(TESTS, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts'))
      .sort()
      .map((path) => join(folder, path))
      .filter((path) => holds(readFileSync(join(TESTS, path), 'utf8')))
      .map((path) => `test/${path}`),
  );
}

/** Sentence with all that a lane lacks here and how to install it; null when it can run. */
export function whyNot({ name, needs }: Lane): string | null {
  const missing = needs.filter((need) => !need.isMet());
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.flatMap((need) => need.package ?? []))];
  const install = packages.length > 0 ? ` Debian: apt-get install ${packages.join(' ')}` : '';
  return `The lane ${name} needs ${missing.map((need) => need.name).join(', ')}.${install}`;
}
