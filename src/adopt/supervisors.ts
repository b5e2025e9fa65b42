import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { shellWord } from '../core/shell-word.js';
import { pm2File, pm2Lines } from './pm2.js';
import type { List, Sighting, SupervisorKind } from './supervisor-kind.js';

const none = { service: () => null, files: () => [], additions: () => [] };
const program = (name: string) => new RegExp(`^(?:\\S*/)?${name}(?: |$)`);
const lastWord = ({ args }: Sighting) => basename(args[1] ?? '') || null;

/** Files of supervisord: that of its command line, and those that Debian's and Red Hat's include. */
function supervisordFiles({ args, directory }: Sighting, _: string, list: List): string[] {
  const option = args.findIndex((word) => /^(?:-c|--configuration(?:=|$))/.test(word));
  const inWord = /^(?:-c|--configuration=)(.+)/.exec(args[option] ?? '')?.[1];
  const named = inWord ?? (option < 0 ? undefined : args[option + 1]);
  const main = named
    ? resolve(directory, named)
    : ['/etc/supervisor/supervisord.conf', '/etc/supervisord.conf'].find((path) => existsSync(path));
  if (main === undefined) return [];
  const included = ['conf.d', 'supervisord.d'].flatMap((name) => list(join(dirname(main), name)));
  return [...included.filter((path) => /\.(?:conf|ini)$/.test(path)), main];
}

/** Nearest first counts, in this order for one process. docs/supervisors.md has the same lines as whole files. */
export const SUPERVISORS: readonly SupervisorKind[] = [
  {
    ...none,
    name: 'openclaw-releases run',
    is: /(?:openclaw-releases|\/cli\/main\.cjs) run(?: |$)/,
    needsRelease: false,
    commands: () => ['openclaw-releases status'],
  },
  {
    name: 'supervisord',
    is: /^(?:\S*python\S* )?(?:\S*\/)?supervisord(?: |$)/,
    service: ({ env }) => env.SUPERVISOR_PROCESS_NAME ?? null,
    userSetting: 'user',
    files: supervisordFiles,
    additions: ([path = '/etc/supervisor/conf.d/openclaw.conf']) => [
      { path, lines: ['autorestart=unexpected', 'exitcodes=69,78', 'stopwaitsecs=345'] },
    ],
    commands: (service) => [`supervisorctl update ${service}`],
  },
  {
    ...none,
    name: 'pm2',
    is: /^PM2 \S+ God Daemon|(?:^|\/)pm2-runtime(?: |$)/,
    service: ({ env }) => env.name ?? null,
    additions: (_, name, run, seen, read) => [
      { path: pm2File(seen), lines: pm2Lines(name, run, seen, read) },
    ],
    commands: (service, _, seen) => [
      `pm2 delete ${shellWord(service)}`,
      `pm2 start ${shellWord(pm2File(seen))}`,
      'pm2 save',
    ],
  },
  {
    name: 'runit',
    is: program('runsv'),
    service: lastWord,
    files: ({ directory }) => [join(directory, 'run')],
    additions: ([run = 'run']) => [
      {
        path: join(dirname(run), 'finish'),
        lines: ['#!/bin/sh', 'case $1 in 69 | 78) exec sv down . ;; esac'],
      },
    ],
    commands: (service) => [`sv -w 345 restart ${service}`],
  },
  {
    name: 's6',
    is: program('s6-supervise'),
    service: lastWord,
    files: ({ directory }) => [join(directory, 'run')],
    additions: ([run = 'run']) => [
      { path: join(dirname(run), 'finish'), lines: ['#!/bin/sh', 'case $1 in 69 | 78) exit 125 ;; esac'] },
    ],
    commands: (_, __, { directory }) => [`s6-svc -r ${directory}`],
  },
  {
    name: 'OpenRC',
    is: program('supervise-daemon'),
    service: lastWord,
    userSetting: 'command_user',
    files: (_, service) => [`/etc/init.d/${service}`],
    additions: ([path = '/etc/init.d/openclaw']) => [
      { path, lines: ['respawn_delay=1', 'respawn_max=5', 'respawn_period=60', 'retry=TERM/345/KILL/5'] },
    ],
    commands: (service) => [`rc-service ${service} restart`],
  },
  {
    ...none,
    name: 'tmux',
    is: /^tmux(?::| |$)/,
    commands: (_, run, { gateway }) => [`kill ${gateway}`, `tmux new-session -d -s openclaw '${run}'`],
  },
  {
    ...none,
    name: 'screen',
    is: /^(?:\S*\/)?SCREEN(?: |$)|^(?:\S*\/)?screen /,
    commands: (_, run, { gateway }) => [`kill ${gateway}`, `screen -dmS openclaw ${run}`],
  },
  {
    ...none,
    name: 'systemd',
    is: program('systemd'),
    // A login of a user is a scope, and `user@` the manager itself.
    service: ({ groups }) =>
      groups.flatMap((group) => group.split('/')).findLast((name) => /^(?!user@).+\.service$/.test(name)) ??
      null,
    needsRelease: false,
    commands: (service, _, { groups }) => [
      `openclaw-releases adopt --unit ${service}${groups.some((group) => /\/user@\d+\.service\//.test(group)) ? '' : ' --system'}`,
    ],
  },
];

/** Answer for a gateway that has none of these above it. */
export const CONTAINER: SupervisorKind = {
  ...none,
  name: 'a container',
  is: /^(?:\S*\/)?(?:containerd-shim\S*|conmon|docker-init|tini|dumb-init|catatonit)(?: |$)/,
  additions: (_, __, run) => [
    { path: 'Dockerfile', lines: [`ENTRYPOINT ${JSON.stringify(run.split(' '))}`] },
  ],
  commands: () => [],
};

export const NOBODY: SupervisorKind = {
  ...none,
  name: 'nobody',
  is: /(?:^|\/)(?:systemd|init|runit|openrc-init|s6-svscan)(?: |$)/,
  commands: (_, run, { gateway }) => [
    `kill ${gateway}`,
    `setsid --fork ${run} >>openclaw.log 2>&1 </dev/null`,
  ],
};
