import { pm2Path } from './pm2.js';

/** A supervisor that starts `openclaw-releases run` from the files of its chapter in `docs/supervisors.md`. */
export interface Supervised {
  chapter: string;
  /** Files of the supervisor itself, as its package would have them. */
  files?: () => Record<string, string>;
  /** Starts the supervisor with its services, or starts it again. */
  boot: string[];
  /** Makes it start this service after a stop, and after its first boot where it does not do so automatically. */
  start: string[];
  stop: string[];
  /** Has it send SIGUSR2 to its service. */
  signal: string[];
  /** Ends it in its own way, with its services. */
  shutdown: string[];
  /** Typed after kill -9 of its process above `run`. */
  revive: string[];
  /** Its own process, which is the parent of `run`. */
  parent: RegExp;
  /** Prints something that matches `gaveUp` once it starts the service no more. */
  state: string[];
  gaveUp: RegExp;
}

/** Runlevels of its own: those of the machine hold services of the machine. */
const OPENRC_BOOT = `
mkdir -p /run/openrc /etc/runlevels/with /etc/runlevels/without
touch /run/openrc/softlevel
ln -sfn /etc/init.d/openclaw /etc/runlevels/with/
openrc with
`;

/** pm2 without a question to its servers. */
const pm2Program = () =>
  `#!/bin/sh\nPM2_DISABLE_VERSION_CHECK=true exec '${process.execPath}' '${pm2Path()}' "$@"\n`;

export const SUPERVISED = {
  supervisord: {
    chapter: 'supervisord',
    boot: ['supervisord', '-c', '/etc/supervisor/supervisord.conf'],
    start: ['supervisorctl', 'start', 'openclaw'],
    stop: ['supervisorctl', 'stop', 'openclaw'],
    signal: ['supervisorctl', 'signal', 'USR2', 'openclaw'],
    shutdown: ['supervisorctl', 'shutdown'],
    revive: ['supervisord', '-c', '/etc/supervisor/supervisord.conf'],
    parent: /supervisord/,
    state: ['supervisorctl', 'status', 'openclaw'],
    gaveUp: /EXITED|FATAL/,
  },
  runit: {
    chapter: 'runit',
    boot: [
      'sh',
      '-c',
      'ln -sfn /etc/sv/openclaw /etc/service/; setsid runsvdir -P /etc/service >/dev/null 2>&1 &',
    ],
    start: ['sv', '-w', '20', 'start', 'openclaw'],
    stop: ['sv', '-w', '345', 'stop', 'openclaw'],
    signal: ['sv', '2', 'openclaw'],
    shutdown: ['sh', '-c', 'kill -HUP "$(pidof runsvdir)"'],
    revive: ['true'],
    parent: /^runsv openclaw$/,
    state: ['sv', 'status', 'openclaw'],
    gaveUp: /^down: (?!.*want up)/,
  },
  s6: {
    chapter: 's6',
    boot: ['sh', '-c', 'setsid s6-svscan /etc/s6 >/dev/null 2>&1 &'],
    start: ['s6-svc', '-u', '/etc/s6/openclaw'],
    stop: ['s6-svc', '-wD', '-T', '345000', '-d', '/etc/s6/openclaw'],
    signal: ['s6-svc', '-2', '/etc/s6/openclaw'],
    shutdown: ['s6-svscanctl', '-t', '/etc/s6'],
    revive: ['true'],
    parent: /^s6-supervise openclaw$/,
    state: ['s6-svstat', '/etc/s6/openclaw'],
    gaveUp: /^down (?!.*want up)/,
  },
  openrc: {
    chapter: 'OpenRC',
    boot: ['sh', '-c', OPENRC_BOOT],
    start: ['rc-service', 'openclaw', 'start'],
    stop: ['rc-service', 'openclaw', 'stop'],
    signal: ['env', 'RC_SVCNAME=openclaw', 'supervise-daemon', 'openclaw', '--signal', 'USR2'],
    shutdown: ['openrc', 'without'],
    revive: ['rc-service', 'openclaw', 'restart'],
    parent: /^supervise-daemon openclaw /,
    state: ['rc-service', 'openclaw', 'status'],
    gaveUp: /stopped|crashed/,
  },
  pm2: {
    chapter: 'pm2',
    files: () => ({ '/usr/local/bin/pm2': pm2Program() }),
    boot: ['sh', '-c', 'pm2 resurrect || true'],
    start: ['sh', '-c', 'pm2 start /home/claw/openclaw.config.js && pm2 save'],
    stop: ['pm2', 'stop', 'openclaw'],
    signal: ['pm2', 'sendSignal', 'SIGUSR2', 'openclaw'],
    shutdown: ['pm2', 'kill'],
    revive: ['pm2', 'resurrect'],
    parent: /^PM2 .*: God Daemon/,
    state: ['pm2', 'jlist'],
    gaveUp: /"status":"(stopped|errored)"/,
  },
} satisfies Record<string, Supervised>;
