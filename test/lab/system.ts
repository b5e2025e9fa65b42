import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Disk } from './disk.js';
import { NODE } from './inside.js';

/** Checkout of the tests: in the machine at the same path, read-only. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Units that the machine must not start: the host's own services, consoles nobody sees, and checks of real hardware. */
const MASKED = [
  'getty.target',
  'console-getty.service',
  'systemd-networkd.service',
  'systemd-resolved.service',
  'systemd-tmpfiles-clean.timer',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-binfmt.service',
  'proc-sys-fs-binfmt_misc.automount',
];

const PREPARE = `
set -eu
cd "$1"
shift
: >etc/machine-id
: >etc/fstab
rm -rf etc/systemd/system/*.wants etc/systemd/system/*.requires etc/systemd/user/*.wants etc/rc?.d \
  var/lib/systemd/linger var/log/journal
mkdir -p var/lib/systemd/linger var/log/journal etc/systemd/journald.conf.d
printf '[Journal]\\nStorage=persistent\\nRateLimitBurst=0\\n' >etc/systemd/journald.conf.d/lab.conf
for unit in "$@"; do ln -sf /dev/null "etc/systemd/system/$unit"; done
useradd --root "$PWD" --create-home --shell /bin/bash claw
: >var/lib/systemd/linger/claw
sed -n 's/^claw:[^:]*:\\([0-9]*\\):.*/\\1/p' etc/passwd
`;

/**
 * Makes an installed host's root boot fast and start nothing of the host's own, with a user `claw` whose
 * manager starts at boot; answers his uid.
 * @throws Error when the host has a user `claw` already: his services would run twice
 */
export function prepareRoot(root: string): number {
  const printed = execFileSync('sh', ['-c', PREPARE, 'sh', root, ...MASKED], { encoding: 'utf8' });
  return Number(printed.trim());
}

/** A directory that the host and everybody inside may write to. */
export function makeShared(shared: string): void {
  mkdirSync(shared);
  // The directory around it is for root alone, as mkdtemp makes it.
  chmodSync(dirname(shared), 0o755);
  chmodSync(shared, 0o1777);
}

/** Parts of the host that the machine sees besides its root, as arguments of systemd-nspawn. */
export function bindsOf({ root }: Disk, shared: string): string[] {
  // A checkout below a closed home must be reachable inside.
  for (let path = dirname(REPOSITORY); path !== '/'; path = dirname(path)) {
    execFileSync('sh', ['-c', '[ ! -d "$1" ] || chmod a+x "$1"', 'sh', join(root, path)]);
  }
  return [
    `--bind-ro=${REPOSITORY}`,
    `--bind=${shared}`,
    `--bind-ro=${realpathSync(process.execPath)}:${NODE}`,
  ];
}
