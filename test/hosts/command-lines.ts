import { expect } from 'vitest';
import type { HostRow } from './host.js';

const MAIN = '~/.npm-global/lib/node_modules/openclaw/dist/index.js';
const GATEWAY = `~/bin/node ${MAIN} gateway --port 18801`;
const START = '"<root>/bin/gateway" --port 18801';
const exec = (line: string, ...more: string[]) => [`ExecStart=${line}`, ...more].join('\n');
const refused = (says: string, hint = '') => ({ code: 'command_unknown' as const, says, hint });

/** A script that ends with what it is given. */
const WRAPPER = { 'bin/with-secrets': '#!/bin/sh\nexport TOKEN="$(cat /run/secret)"\nexec "$@"\n' };

/** Words before, around and after OpenClaw. */
export const COMMAND_LINES: HostRow[] = [
  { situation: "OpenClaw's own unit", unit: exec(GATEWAY), expected: { start: START } },
  {
    situation: 'the program that npm links',
    unit: exec('~/.npm-global/bin/openclaw gateway run --verbose'),
    expected: { start: '"<root>/bin/gateway" run --verbose' },
  },
  {
    situation: 'Node without a path, found by systemd',
    unit: exec(`node ${MAIN} gateway`),
    expected: { start: '"<root>/bin/gateway"' },
  },
  {
    situation: 'a program without a path that only a login finds',
    unit: exec('openclaw gateway'),
    expected: refused('does not show where OpenClaw starts', 'ExecStart='),
  },
  {
    situation: 'a main file below the working directory',
    unit: exec(
      '~/bin/node dist/index.js gateway',
      'WorkingDirectory=~/.npm-global/lib/node_modules/openclaw',
    ),
    expected: { start: '"<root>/bin/gateway"' },
  },
  {
    situation: 'Node under another name',
    unit: exec(`~/bin/node-22 ${MAIN} gateway`),
    files: { 'bin/node-22': '-> node' },
    expected: { start: '"<root>/bin/gateway"' },
  },
  {
    situation: 'options of Node',
    unit: exec(`~/bin/node --max-old-space-size=900 -r "~/my hooks.js" ${MAIN} gateway --port 18801`),
    expected: {
      start:
        '"<root>/bin/gateway" --node-options --max-old-space-size=900 -r "~/my hooks.js" -- --port 18801',
    },
  },
  {
    situation: 'options of Node from a variable',
    unit: exec(
      `~/bin/node $NODE_ARGS -- ${MAIN} gateway`,
      'Environment="NODE_ARGS=--expose-gc --no-warnings"',
    ),
    expected: {
      start: '"<root>/bin/gateway" --node-options $NODE_ARGS --',
      environment: { NODE_ARGS: '--expose-gc --no-warnings' },
    },
  },
  {
    situation: 'global options before the word gateway',
    unit: exec('~/.npm-global/bin/openclaw --profile gateway --no-color gateway --port 1'),
    expected: { start: '"<root>/bin/gateway" --profile gateway --no-color --port 1' },
  },
  {
    situation: 'another command of OpenClaw',
    unit: exec('~/.npm-global/bin/openclaw node run'),
    expected: refused('starts no gateway', 'openclaw gateway install --force'),
  },
  {
    situation: 'variables set by env',
    source: 'openclaw#24350',
    unit: exec(`/usr/bin/env OPENCLAW_GATEWAY_PORT=18802 TOKEN=s ${GATEWAY}`),
    expected: { start: `/usr/bin/env OPENCLAW_GATEWAY_PORT=18802 TOKEN=s ${START}` },
  },
  {
    situation: 'env with options',
    unit: exec(`env -i -u FOO --chdir=/ HOME=%h "A=b c" ${GATEWAY}`),
    expected: { start: `env -i -u FOO --chdir=/ HOME=%h "A=b c" ${START}` },
  },
  {
    situation: 'env that splits a text',
    unit: exec(`/usr/bin/env -S "A=b ${GATEWAY}"`),
    expected: { start: '/usr/bin/env -S "A=b <root>/bin/gateway --port 18801"' },
  },
  {
    situation: 'env that sets where Node is found',
    unit: exec(`env PATH=%h/bin:/usr/bin node ${MAIN} gateway --port 18801`),
    expected: { start: `env PATH=%h/bin:/usr/bin ${START}` },
  },
  {
    situation: 'a proxy before Node',
    source: 'openclaw#24350',
    unit: exec(`proxychains4 -q ${GATEWAY}`),
    expected: { start: `proxychains4 -q ${START}` },
  },
  ...[
    'nice -n 5',
    'ionice -c3',
    'numactl --cpunodebind=0',
    'taskset -c 0,1',
    'chrt -b 0',
    'stdbuf -oL',
    'catchsegv',
    'timeout 1d',
    'flock -n /run/lock/oc',
    'systemd-inhibit --what=sleep',
    'doppler run --',
    'op run --env-file=.env --',
    'infisical run --',
    'aws-vault exec work --',
    'dotenvx run -f .env --',
    'direnv exec .',
    'mise exec --',
    'fnm exec --using=22',
    'torsocks',
    'firejail --quiet',
    'dbus-run-session --',
    'strace -f -o /tmp/t',
  ].map(
    (before): HostRow => ({
      situation: `${before} before Node`,
      unit: exec(`${before} ${GATEWAY}`),
      expected: { start: `${before} ${START}` },
    }),
  ),
  {
    situation: 'a script that fetches secrets and starts what it is given',
    source: 'openclaw#69400',
    unit: exec(`~/bin/with-secrets ${GATEWAY}`),
    files: WRAPPER,
    expected: { start: `~/bin/with-secrets ${START}` },
  },
  {
    situation: 'a wrapper that hides OpenClaw',
    source: 'openclaw#44794',
    unit: exec('~/bin/with-secrets gateway --port 18801 --token abc'),
    files: { 'bin/with-secrets': `#!/bin/sh\nexec node ${MAIN} "$@"\n` },
    expected: refused(
      'openclaw-gateway.service does not show where OpenClaw starts: ExecStart=~/bin/with-secrets gateway --port 18801 --token …',
      'End ~/bin/with-secrets with: exec "$@" and write: ExecStart=~/bin/with-secrets ~/.npm-global/bin/openclaw gateway --port 18801 --token …',
    ),
  },
  {
    situation: 'a wrapper of the name openclaw',
    unit: exec('~/wrap/openclaw gateway --port 18801'),
    files: { 'wrap/openclaw': '#!/bin/sh\nexport TOKEN=x\nexec ~/.npm-global/bin/openclaw "$@"\n' },
    expected: refused('does not show where OpenClaw starts'),
  },
  {
    situation: 'a script of one’s own inside of the package',
    unit: exec('~/.npm-global/lib/node_modules/openclaw/run.sh gateway'),
    files: { '.npm-global/lib/node_modules/openclaw/run.sh': '#!/bin/sh\nexec node dist/index.js "$@"\n' },
    expected: refused('does not show where OpenClaw starts'),
  },
  {
    situation: 'a program of one’s own that Node runs',
    unit: exec('~/bin/node ~/start.js gateway'),
    files: { 'start.js': '' },
    expected: refused('does not show where OpenClaw starts'),
  },
  {
    situation: 'the script that pnpm links',
    unit: exec('~/pnpm/openclaw gateway --port 18801'),
    files: {
      'pnpm/openclaw': '#!/bin/sh\nexec node  "$basedir/global/5/node_modules/openclaw/openclaw.mjs" "$@"\n',
      'pnpm/global/5/node_modules/openclaw/package.json': '{"name":"openclaw","version":"2026.6.1"}',
      'pnpm/global/5/node_modules/openclaw/openclaw.mjs': '',
    },
    expected: { start: START, version: '2026.6.1' },
  },
  {
    situation: "asdf's shim of OpenClaw",
    source: 'openclaw#5691',
    unit: exec('~/.asdf/shims/openclaw gateway --port 18801'),
    files: { '.asdf/shims/openclaw': '#!/bin/sh\nexec /opt/asdf exec "openclaw" "$@"\n' },
    expected: { start: START },
  },
  {
    situation: "asdf's shim of Node",
    source: 'openclaw#89376',
    unit: exec(`~/.asdf/shims/node ${MAIN} gateway --port 18801`),
    files: { '.asdf/shims/node': '#!/bin/sh\nexec ~/bin/node "$@"\n' },
    expected: { start: START },
  },
  {
    situation: 'a shell that becomes the gateway',
    unit: exec(`/bin/sh -c 'exec ${GATEWAY}'`),
    expected: { start: "/bin/sh -c 'exec <root>/bin/gateway --port 18801'" },
  },
  {
    situation: 'a login shell that reads a file of variables first',
    unit: exec(
      `/bin/bash -lc "set -a; . $$HOME/.env && exec ~/bin/node --expose-gc $$HOME/.npm-global/lib/node_modules/openclaw/dist/index.js --profile w gateway >>/tmp/log 2>&1"`,
    ),
    expected: {
      start:
        '/bin/bash -lc "set -a; . $$HOME/.env && exec <root>/bin/gateway --node-options --expose-gc -- --profile w >>/tmp/log 2>&1"',
    },
  },
  {
    situation: 'a shell that is given the command as its arguments',
    unit: exec(`sh -c 'ulimit -n 9999; exec "$$@"' sh ${GATEWAY}`),
    expected: { start: `sh -c 'ulimit -n 9999; exec "$$@"' sh ${START}` },
  },
  {
    situation: 'a shell with quotes around the main file',
    unit: exec(`/bin/sh -c 'exec ~/bin/node "${MAIN}" gateway'`),
    expected: refused('does not show where OpenClaw starts'),
  },
  {
    situation: 'a shell that tries two programs',
    unit: exec(`/bin/sh -c '${GATEWAY} || ${GATEWAY}'`),
    expected: refused('starts OpenClaw in several places', 'Keep one of them.'),
  },
  ...[
    ['docker run --rm image', 'in another place'],
    ['ssh host', 'in another place'],
    ['bwrap --bind / /', 'in another place'],
    ['sudo -u claw', 'as another user'],
    ['/usr/sbin/runuser -u claw --', 'as another user'],
    ['systemd-run --user --scope', 'outside of this unit'],
    ['pm2-runtime', 'outside of this unit'],
    ['npx', 'with a program that runs JavaScript itself'],
    ['bun', 'with a program that runs JavaScript itself'],
  ].map(
    ([before, how]): HostRow => ({
      situation: `${before} before Node`,
      unit: exec(`${before} ${GATEWAY}`),
      expected: refused(`starts OpenClaw ${how}`, 'without'),
    }),
  ),
  {
    situation: 'another user within the text of a shell',
    unit: exec(`sh -c 'su-exec claw ${GATEWAY}'`),
    expected: refused('as another user (su-exec)'),
  },
  {
    situation: 'signs of systemd',
    unit: exec(`-:${GATEWAY} $EXTRA`),
    expected: { start: `-:${START} $EXTRA` },
  },
  {
    situation: 'a name of the program for itself',
    unit: exec(`@~/bin/node openclaw-gw ${MAIN} gateway --port 18801`),
    expected: { start: START },
  },
  {
    situation: 'a wrapper with a name for itself, and no variables',
    unit: exec(`@:/usr/bin/env env A=$B ${GATEWAY}`),
    expected: { start: `@:/usr/bin/env env A=$B ${START}` },
  },
  {
    situation: 'the sign of root in a system unit',
    unit: exec(`+${GATEWAY}`, 'User=claw'),
    scope: 'system',
    user: 'claw',
    expected: refused('starts as root and not as claw, because of "+"', 'Remove that sign.'),
  },
  {
    situation: 'escapes and quotes within words',
    unit: exec(
      '~/bin/n\\x6fde "~/.npm-global/lib/node_modules"/openclaw/dist/index.js gateway --name "a \\"b\\"" \\; c',
    ),
    expected: { start: '"<root>/bin/gateway" --name "a \\"b\\"" \\; c' },
  },
  {
    situation: 'specifiers',
    unit: exec('%h/bin/node %h/.npm-global/lib/node_modules/openclaw/dist/index.js gateway --name %p-%%'),
    expected: { start: '"<root>/bin/gateway" --name %p-%%' },
  },
  {
    situation: 'an instance of a template',
    name: 'openclaw-gateway@work.service',
    unit: exec(`~/%i/node ${MAIN} gateway --profile %i`),
    files: { 'work/node': '-> ../bin/node' },
    expected: { start: '"<root>/bin/gateway" --profile %i' },
  },
  {
    situation: 'variables in arguments',
    unit: exec(`${GATEWAY} $EXTRA \${ONE}`, 'EnvironmentFile=-~/.env'),
    expected: { start: `${START} $EXTRA \${ONE}` },
  },
  {
    situation: 'a file of variables with a blank in its name, and quotes in it',
    unit: exec(`${GATEWAY} --port $PORT`, 'EnvironmentFile=-~/my variables'),
    files: { 'my variables': 'PORT="18805"\nTOKEN=\'a "b"\'\n' },
    expected: { start: `${START} --port $PORT` },
  },
  {
    situation: 'an instance of a template of another name',
    name: 'openclaw@home.service',
    unit: exec(`-${GATEWAY} --profile %i`, 'Type=notify', 'NotifyAccess=all', 'WatchdogSec=30'),
    expected: {
      start: `-${START} --profile %i`,
      lines: ['OnFailure=openclaw-releases-rescue-openclaw@home.service', 'TimeoutStartSec=1h'],
    },
  },
  {
    situation: 'a unit with a socket of systemd and a directory for its state',
    unit: exec(
      GATEWAY,
      'Sockets=openclaw-gateway.socket',
      'StateDirectory=openclaw',
      'Environment=OPENCLAW_STATE_DIR=%h/s',
    ),
    expected: { start: START, environment: { OPENCLAW_STATE_DIR: expect.stringMatching(/\/s$/) } },
  },
  {
    situation: 'a proxy for a socket of systemd in front of the gateway',
    unit: exec('/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:18801'),
    expected: refused('does not show where OpenClaw starts', 'another unit, with --unit'),
  },
  {
    situation: 'docker compose, with OpenClaw inside',
    unit: exec('/usr/bin/docker compose --file ~/compose.yaml up openclaw'),
    expected: refused('starts no gateway', 'what docker starts'),
  },
  {
    situation: 'a scope of its own, with a limit',
    unit: exec(`/usr/bin/systemd-run --user --scope -p MemoryMax=1G ${GATEWAY}`),
    expected: refused('outside of this unit (/usr/bin/systemd-run)', 'without systemd-run'),
  },
  {
    situation: 'a log of its own by systemd-cat',
    unit: exec(`/usr/bin/systemd-cat -t openclaw ${GATEWAY}`),
    expected: { start: `/usr/bin/systemd-cat -t openclaw ${START}` },
  },
  {
    situation: 'lines that continue, with a comment between',
    unit: exec(`~/bin/node \\\n  ${MAIN} \\\n# the port\n  gateway --port \\\n  18801`),
    expected: { start: START },
  },
  {
    situation: 'a drop-in that replaces the command',
    unit: exec('/opt/old/openclaw gateway'),
    dropIns: { '10-mine.conf': exec('', `ExecStart=nice ${GATEWAY}`), 'override.conf': 'Environment=A=1' },
    expected: { start: `nice ${START}`, environment: { A: '1' } },
  },
  {
    situation: 'a drop-in that sorts behind ours',
    unit: exec(GATEWAY),
    dropIns: { 'zzz.conf': 'Nice=5' },
    expected: { start: START, lines: ['OnFailure=openclaw-releases-rescue.service'] },
  },
  {
    situation: 'several commands of a oneshot service',
    unit: exec(`/bin/true`, `ExecStart=${GATEWAY}`, 'Type=oneshot'),
    expected: refused('has several commands: ExecStart=/bin/true ; ~/bin/node'),
  },
  {
    situation: 'several commands on one line',
    unit: exec(`/bin/true ; ${GATEWAY}`, 'Type=oneshot'),
    expected: refused('has several commands'),
  },
  {
    situation: 'a quote without an end',
    unit: exec(`${GATEWAY} "oops`),
    expected: refused('has no ExecStart= that systemd understands', 'openclaw gateway install --force'),
  },
  {
    situation: 'no command at all',
    unit: '[Unit]\nDescription=OpenClaw',
    expected: refused('has no ExecStart='),
  },
  {
    situation: "OpenClaw's own --wrapper",
    unit: exec('~/bin/with-secrets gateway --port 18801', 'Environment=OPENCLAW_WRAPPER=~/bin/with-secrets'),
    files: WRAPPER,
    expected: refused(
      'does not show where OpenClaw starts',
      'ExecStart=~/bin/with-secrets ~/.npm-global/bin/openclaw gateway --port 18801',
    ),
  },
  {
    situation: 'adopted before, and its files were removed since',
    unit: exec('nice /opt/gone/node_modules/openclaw/dist/index.js gateway --port 18801'),
    dropIns: { 'zz-openclaw-releases.conf': exec('', 'ExecStart="/r/bin/gateway"') },
    expected: { start: `nice ${START}` },
  },
  {
    situation: 'never adopted, and its files are gone',
    unit: exec('nice /opt/gone/node_modules/openclaw/dist/index.js gateway'),
    expected: refused('does not show where OpenClaw starts'),
  },
  {
    situation: 'a path of OpenClaw among the options of a wrapper',
    unit: exec(`~/bin/with-secrets --dir ~/.npm-global/lib/node_modules/openclaw -- ${GATEWAY}`),
    files: WRAPPER,
    expected: { start: `~/bin/with-secrets --dir ~/.npm-global/lib/node_modules/openclaw -- ${START}` },
  },
];
