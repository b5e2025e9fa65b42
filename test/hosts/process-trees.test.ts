import { describe, expect, test } from 'vitest';
import { describeSupervisor } from '../../src/adopt/other-supervisor.js';
import { userIn } from '../../src/adopt/start-lines.js';
import { otherSupervisorLines, shownSupervisor } from '../../src/adopt/supervisor-text.js';

const COMMAND = '/usr/local/bin/openclaw-releases';
const NODE_START = 'node /usr/lib/node_modules/openclaw/dist/index.js gateway';

interface Row {
  /** Command lines above the gateway, nearest first, the last one of process 1; after `@` a directory. */
  above: string[];
  env?: Record<string, string>;
  groups?: string[];
  files?: Record<string, string>;
  name: string;
  service?: string | null;
  changes?: [path: string, before: string, after: string][];
  added?: { path: string; lines: string[] }[];
  commands: string[];
}

function describeRow({ above, env = {}, groups = [], files = {} }: Row) {
  const tree = ['openclaw-gateway', ...above].map((line) => {
    const [words = '', directory = '/'] = line.split('@');
    return { args: words.split(' '), directory };
  });
  return describeSupervisor({ gateway: 812, tree, env, groups }, (path) => files[path] ?? null, COMMAND);
}

const ROWS: Record<string, Row> = {
  'supervisord, as Debian starts it, with two programs in one file': {
    above: ['/usr/bin/python3 /usr/bin/supervisord -n -c /srv/sv.conf', '/sbin/init'],
    env: { SUPERVISOR_PROCESS_NAME: 'claw', SUPERVISOR_GROUP_NAME: 'claw' },
    files: {
      '/srv/sv.conf': `[program:other]\ncommand=${NODE_START} --port 1\n[program:claw]\n;command=openclaw gateway\ncommand=${NODE_START} --port 2\nuser=claw\n`,
    },
    name: 'supervisord',
    service: 'claw',
    changes: [
      ['/srv/sv.conf', `command=${NODE_START} --port 2`, `command=${COMMAND} run --replace -- --port 2`],
    ],
    commands: ['supervisorctl update claw'],
  },
  'supervisord, whose file is named below its own directory': {
    above: ['/usr/bin/python3 /usr/bin/supervisord --configuration=etc/sv.conf@/srv', '/sbin/init'],
    env: { SUPERVISOR_PROCESS_NAME: 'claw' },
    files: { '/srv/etc/sv.conf': '[program:claw]\ncommand=openclaw gateway\n' },
    name: 'supervisord',
    service: 'claw',
    changes: [['/srv/etc/sv.conf', 'command=openclaw gateway', `command=${COMMAND} run --replace`]],
    commands: ['supervisorctl update claw'],
  },
  'supervisord, with a command over two lines, settings of its own, and those of another program': {
    above: ['/usr/bin/python3 /usr/bin/supervisord -c /srv/sv.conf', '/sbin/init'],
    env: { SUPERVISOR_PROCESS_NAME: 'claw' },
    files: {
      '/srv/sv.conf':
        '[program:claw]\nautorestart = true\ncommand=openclaw gateway\n  --port 2\nexitcodes=69,78\n[program:b]\nstopwaitsecs=3\n',
    },
    name: 'supervisord',
    service: 'claw',
    changes: [
      ['/srv/sv.conf', 'command=openclaw gateway', `command=${COMMAND} run --replace --`],
      ['/srv/sv.conf', 'autorestart = true', 'autorestart=unexpected'],
    ],
    added: [{ path: '/srv/sv.conf', lines: ['stopwaitsecs=345'] }],
    commands: ['supervisorctl update claw'],
  },
  'runit, with a command over two lines': {
    above: ['runsv claw@/etc/sv/claw', 'runsvdir /etc/service', 'runit'],
    files: { '/etc/sv/claw/run': 'exec openclaw gateway \\\n  --port 2\n' },
    name: 'runit',
    service: 'claw',
    changes: [['/etc/sv/claw/run', 'exec openclaw gateway \\', `exec ${COMMAND} run --replace -- \\`]],
    commands: ['sv -w 345 restart claw'],
  },
  'supervisord as process 1 of a container, in which a shell starts OpenClaw': {
    above: ['sh -c openclaw gateway', '/usr/bin/supervisord -c /etc/supervisord.conf'],
    env: { SUPERVISOR_PROCESS_NAME: 'openclaw' },
    files: { '/etc/supervisord.conf': "[program:openclaw]\ncommand=sh -c 'openclaw gateway'\n" },
    name: 'supervisord',
    service: 'openclaw',
    changes: [
      [
        '/etc/supervisord.conf',
        "command=sh -c 'openclaw gateway'",
        `command=sh -c '${COMMAND} run --replace'`,
      ],
    ],
    commands: ['supervisorctl update openclaw'],
  },
  pm2: {
    above: ['PM2 v7.0.4: God Daemon (/home/claw/.pm2)', '/lib/systemd/systemd --user', '/sbin/init'],
    env: { name: 'gw', pm_id: '0', HOME: '/home/claw' },
    groups: ['/system.slice/pm2-claw.service'],
    name: 'pm2',
    service: 'gw',
    commands: ['pm2 delete gw', 'pm2 start /home/claw/openclaw-releases.config.js', 'pm2 save'],
  },
  'pm2, with a name of two words, arguments, a directory and variables': {
    above: ['PM2 v7.0.4: God Daemon (/srv/pm2)', '/sbin/init'],
    env: {
      ...{ name: "my 'claw'", HOME: '/home/claw', PM2_HOME: '/srv/pm2', pm_cwd: '/srv/claw' },
      ...{ OPENCLAW_STATE_DIR: '/srv/state', OPENCLAW_GATEWAY_TOKEN: 's3cret', PATH: '/usr/bin' },
    },
    files: {
      '/srv/pm2/dump.pm2': JSON.stringify([
        { name: 'other', args: ['gateway', '--port', '1'] },
        { name: "my 'claw'", args: ['gateway', '--port', '18801', '--name', 'a b'] },
      ]),
    },
    name: 'pm2',
    service: "my 'claw'",
    added: [
      {
        path: '/home/claw/openclaw-releases.config.js',
        lines: [
          '// Set these in your shell before pm2 start: OPENCLAW_GATEWAY_TOKEN',
          `module.exports = { apps: [{"name":"my 'claw'","script":"${COMMAND}","args":["run","--replace","--","--port","18801","--name","a b"],"cwd":"/srv/claw","env":{"OPENCLAW_STATE_DIR":"/srv/state"},"interpreter":"none","treekill":false,"kill_timeout":345000,"stop_exit_codes":[69,78]}] };`,
        ],
      },
    ],
    commands: [
      `pm2 delete 'my '\\''claw'\\'''`,
      'pm2 start /home/claw/openclaw-releases.config.js',
      'pm2 save',
    ],
  },
  'pm2 with a secret among the arguments': {
    above: ['PM2 v7.0.4: God Daemon (/home/claw/.pm2)', '/sbin/init'],
    env: { name: 'gw', HOME: '/home/claw' },
    files: { '/home/claw/.pm2/dump.pm2': '[{"name":"gw","args":["gateway","--token","s3cret"]}]' },
    name: 'pm2',
    service: 'gw',
    added: [
      {
        path: '/home/claw/openclaw-releases.config.js',
        lines: [
          '// The arguments of the gateway, if it has any, follow "--replace", "--": pm2 describe shows them.',
          `module.exports = { apps: [{"name":"gw","script":"${COMMAND}","args":["run","--replace"],"interpreter":"none","treekill":false,"kill_timeout":345000,"stop_exit_codes":[69,78]}] };`,
        ],
      },
    ],
    commands: ['pm2 delete gw', 'pm2 start /home/claw/openclaw-releases.config.js', 'pm2 save'],
  },
  'runit, with a pipe of its output': {
    above: ['runsv openclaw@/etc/sv/openclaw', 'runsvdir -P /etc/service', 'runit'],
    files: {
      '/etc/sv/openclaw/run': '#!/bin/sh\nexec chpst -u claw /usr/bin/openclaw gateway --token s3cret 2>&1\n',
    },
    name: 'runit',
    service: 'openclaw',
    changes: [
      [
        '/etc/sv/openclaw/run',
        'exec chpst -u claw /usr/bin/openclaw gateway --token … 2>&1',
        `exec chpst -u claw ${COMMAND} run --replace -- --token … 2>&1`,
      ],
    ],
    commands: ['sv -w 345 restart openclaw'],
  },
  's6, in a container with s6-overlay': {
    above: ['s6-supervise claw@/run/service/claw', 's6-svscan /run/service'],
    files: { '/run/service/claw/run': `#!/bin/sh\nexec s6-setuidgid claw ${NODE_START} 2>&1\n` },
    name: 's6',
    service: 'claw',
    changes: [
      [
        '/run/service/claw/run',
        `exec s6-setuidgid claw ${NODE_START} 2>&1`,
        `exec s6-setuidgid claw ${COMMAND} run --replace 2>&1`,
      ],
    ],
    commands: ['s6-svc -r /run/service/claw'],
  },
  'OpenRC, with the command in two settings': {
    above: ['supervise-daemon claw --start --pidfile /run/x /usr/bin/node -- gateway', '/sbin/init'],
    files: {
      '/etc/init.d/claw':
        '#!/sbin/openrc-run\ncommand="/usr/bin/node"\ncommand_args="/usr/lib/node_modules/openclaw/dist/index.js gateway --port 2"\n',
    },
    name: 'OpenRC',
    service: 'claw',
    changes: [
      ['/etc/init.d/claw', 'command="/usr/bin/node"', `command="${COMMAND}"`],
      [
        '/etc/init.d/claw',
        'command_args="/usr/lib/node_modules/openclaw/dist/index.js gateway --port 2"',
        'command_args="run --replace -- --port 2"',
      ],
    ],
    commands: ['rc-service claw restart'],
  },
  'OpenRC, with a command that is not understood': {
    above: ['supervise-daemon claw --start', '/sbin/init'],
    files: { '/etc/init.d/claw': 'command=/opt/start-it\n' },
    name: 'OpenRC',
    service: 'claw',
    changes: [],
    commands: ['rc-service claw restart'],
  },
  'docker --init': {
    above: ['/sbin/docker-init -- openclaw gateway'],
    name: 'a container',
    commands: [],
  },
  'a container, seen from its host': {
    above: ['/usr/bin/containerd-shim-runc-v2 -namespace moby -id 1', '/sbin/init'],
    name: 'a container',
    commands: [],
  },
  'a shell that is process 1': {
    above: ['/bin/sh /entrypoint.sh'],
    name: 'a container',
    commands: [],
  },
  tmux: {
    above: ['-bash', 'tmux new -s claw', '/sbin/init'],
    groups: ['/user.slice/user-1000.slice/session-2.scope'],
    name: 'tmux',
    commands: ['kill 812', `tmux new-session -d -s openclaw '${COMMAND} run'`],
  },
  screen: {
    above: ['/bin/bash', 'SCREEN -S claw', '/sbin/init'],
    name: 'screen',
    commands: ['kill 812', `screen -dmS openclaw ${COMMAND} run`],
  },
  'nohup: the shell is gone': {
    above: ['/sbin/init'],
    groups: ['/user.slice/user-1000.slice/session-2.scope'],
    name: 'nobody',
    commands: ['kill 812', `setsid --fork ${COMMAND} run >>openclaw.log 2>&1 </dev/null`],
  },
  'a shell under systemd, in a session': {
    above: ['-bash', 'sshd: claw@pts/0', '/usr/lib/systemd/systemd'],
    groups: ['/user.slice/user-1000.slice/session-2.scope'],
    name: 'nobody',
    commands: ['kill 812', `setsid --fork ${COMMAND} run >>openclaw.log 2>&1 </dev/null`],
  },
  'a unit of the system with another name': {
    above: ['/usr/lib/systemd/systemd --system'],
    groups: ['/system.slice/claw.service'],
    name: 'systemd',
    service: 'claw.service',
    commands: ['openclaw-releases adopt --unit claw.service --system'],
  },
  'a unit of the user with another name': {
    above: ['/usr/lib/systemd/systemd --user', '/usr/lib/systemd/systemd'],
    groups: ['/user.slice/user-1000.slice/user@1000.service/app.slice/claw.service'],
    name: 'systemd',
    service: 'claw.service',
    commands: ['openclaw-releases adopt --unit claw.service'],
  },
  'supervisord below docker --init': {
    above: ['/usr/bin/python3 /usr/local/bin/supervisord -c/etc/s.conf', '/sbin/docker-init -- supervisord'],
    env: { SUPERVISOR_PROCESS_NAME: 'claw' },
    name: 'supervisord',
    service: 'claw',
    commands: ['supervisorctl update claw'],
  },
  'pm2-runtime as process 1': {
    above: ['/usr/local/bin/node /usr/local/bin/pm2-runtime start app.js'],
    env: { name: 'claw', HOME: '/home/node' },
    name: 'pm2',
    service: 'claw',
    commands: ['pm2 delete claw', 'pm2 start /home/node/openclaw-releases.config.js', 'pm2 save'],
  },
  'runit in a container, with Node and the program in quotes': {
    above: ['/usr/bin/runsv claw@/srv/claw', 'runsvdir /srv'],
    files: {
      '/srv/claw/run': `exec "/opt/node/bin/node" --expose-gc '/opt/openclaw/dist/index.js' gateway run\n`,
    },
    name: 'runit',
    service: 'claw',
    changes: [
      [
        '/srv/claw/run',
        `exec "/opt/node/bin/node" --expose-gc '/opt/openclaw/dist/index.js' gateway run`,
        `exec ${COMMAND} run --replace -- run`,
      ],
    ],
    commands: ['sv -w 345 restart claw'],
  },
  'a script of runit that only mentions OpenClaw': {
    above: ['runsv claw@/etc/sv/claw', 'runit'],
    files: { '/etc/sv/claw/run': '# openclaw gateway\nexec /opt/openclaw-gateway.sh gateway\n' },
    name: 'runit',
    service: 'claw',
    commands: ['sv -w 345 restart claw'],
  },
  'cron, on a host with the init of BusyBox': {
    above: ['/bin/sh -c openclaw gateway', 'crond -f', 'init'],
    name: 'nobody',
    commands: ['kill 812', `setsid --fork ${COMMAND} run >>openclaw.log 2>&1 </dev/null`],
  },
  podman: {
    above: ['/usr/bin/conmon --api-version 1 -c 0123', '/usr/lib/systemd/systemd --user', '/sbin/init'],
    groups: ['/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-0123.scope'],
    name: 'a container',
    commands: [],
  },
  'docker compose with init': {
    above: ['/sbin/docker-init -- openclaw gateway'],
    name: 'a container',
    commands: [],
  },
  'a unit that a login of root started': {
    above: ['/usr/lib/systemd/systemd --user', '/sbin/init'],
    groups: ['/user.slice/user-0.slice/user@0.service/app.slice/openclaw-gateway-work.service'],
    name: 'systemd',
    service: 'openclaw-gateway-work.service',
    commands: ['openclaw-releases adopt --unit openclaw-gateway-work.service'],
  },
  'our own supervisor, below runit': {
    above: [`/usr/bin/node ${COMMAND} run`, 'runsv openclaw', 'runsvdir /etc/service', 'runit'],
    name: 'openclaw-releases run',
    commands: ['openclaw-releases status'],
  },
};

const USERS: [text: string, setting: string | undefined, user: string | null][] = [
  ['exec chpst -u claw:adm openclaw gateway', undefined, 'claw'],
  ['exec chpst -u :1000:1000 openclaw gateway', undefined, '1000'],
  ['exec /command/s6-setuidgid claw openclaw gateway', undefined, 'claw'],
  ["exec su - claw -c 'exec openclaw gateway'", undefined, 'claw'],
  ['exec sudo -E -u claw env -u A openclaw gateway', undefined, 'claw'],
  ['exec runuser -u claw -- openclaw gateway', undefined, 'claw'],
  ['exec setpriv --clear-groups --reuid=claw openclaw gateway', undefined, 'claw'],
  ['exec su-exec claw:claw openclaw gateway', undefined, 'claw'],
  ['su claw -c true; exec openclaw gateway', undefined, null],
  ['su claw -c true && exec openclaw gateway', undefined, null],
  ['user=claw\nexec openclaw gateway', undefined, null],
  ['exec openclaw gateway --user claw', undefined, null],
  ['[program:x]\ncommand=openclaw gateway\nuser = claw ; its own', 'user', 'claw'],
  ['[program:x]\ncommand=openclaw gateway\nuser=claw\nuser=root', 'user', 'root'],
  ['[program:x]\ncommand=openclaw gateway\nuser=claw\nuser=%(ENV_U)s', 'user', null],
  ['[program:x]\ncommand=openclaw gateway\nenvironment=A="b",\n user=claw', 'user', null],
  ['[program:y]\nuser=claw\n[program:x]\ncommand=openclaw gateway', 'user', null],
  ['[program:x]\ncommand=sudo -u claw openclaw gateway\nuser=admin', 'user', 'claw'],
  ['command="/usr/bin/openclaw"\ncommand_args="gateway"\ncommand_user="claw:claw"', 'command_user', 'claw'],
];

test.each(USERS)('%j with the setting %s starts the gateway as %s', (text, setting, user) => {
  const before = text.split('\n').find((line) => line.includes('openclaw gateway')) ?? '';
  expect(userIn(text, before, setting, 'x')).toBe(user);
});

describe('the supervisor of a gateway is named, with the lines to change', () => {
  test.each(Object.entries(ROWS))('%s', (_, row) => {
    const { name, service = null, changes = [], added, commands } = row;
    const found = describeRow(row);
    expect(found).toMatchObject({ name, service, commands, gateway: 812 });
    const shown = shownSupervisor(found);
    expect(shown.changes.map(({ path, before, after }) => [path, before, after])).toEqual(changes);
    if (added) expect(shown.additions).toEqual(added);
    const lines = otherSupervisorLines(found);
    expect(lines.slice(lines.length - commands.length)).toEqual(commands);
    if (name === 'a container') expect(lines).toContain(`+ ENTRYPOINT ["${COMMAND}","run"]`);
    for (const [, before, after] of changes)
      expect(lines).toEqual(expect.arrayContaining([`- ${before}`, `+ ${after}`]));
  });
});
