import type { HostRow } from './host.js';

const GATEWAY = '~/bin/node ~/.npm-global/lib/node_modules/openclaw/dist/index.js gateway';
const START = '"<root>/bin/gateway"';

/** A unit with these lines; the drop-in gets `added`, and what else it has is not looked at. */
const fitted = (situation: string, unit: string[], trials: number[], added: string[]): HostRow => ({
  situation,
  unit: [`ExecStart=${GATEWAY}`, ...unit].join('\n'),
  trials,
  expected: { start: START, lines: added },
});

const refused = (situation: string, unit: string[], trials: number[], says: string): HostRow => ({
  situation,
  unit: [`ExecStart=${GATEWAY}`, ...unit].join('\n'),
  trials,
  expected: { code: 'sandbox_forbids', says, hint: 'systemctl --user edit openclaw-gateway.service' },
});

const STATE = 'ReadWritePaths=~/.openclaw';

/** Settings of systemd.exec(5) that forbid the launcher something, and the policy of older units. */
export const SANDBOXES: HostRow[] = [
  {
    ...fitted(
      'read-only but for the state',
      ['ProtectSystem=strict', 'ProtectHome=read-only', STATE],
      [43, 0],
      ['ReadWritePaths="<root>"'],
    ),
    source: 'openclaw#71070, jahwag/clem#136',
  },
  fitted('a read-only home', ['ReadOnlyPaths=/home', STATE], [43, 0], ['ReadWritePaths="<root>"']),
  fitted('an empty home', ['ProtectHome=tmpfs', 'BindPaths=~/.openclaw'], [42, 0], ['BindPaths="<root>"']),
  fitted('a closed home', ['ProtectHome=yes'], [42, 0], ['ProtectHome=tmpfs', 'BindPaths="<root>"']),
  fitted(
    'an empty and read-only place',
    ['TemporaryFileSystem=~:ro'],
    [42, 43, 0],
    ['BindPaths="<root>"', 'ReadWritePaths="<root>"'],
  ),
  fitted('a home without execution', ['NoExecPaths=/home'], [45, 0], ['ExecPaths="<root>"']),
  fitted(
    'read-only and without execution',
    ['ProtectSystem=strict', 'NoExecPaths=/home'],
    [43, 45, 0],
    ['ReadWritePaths="<root>"', 'ExecPaths="<root>"'],
  ),
  fitted(
    'a sandbox that forbids nothing of it',
    ['PrivateTmp=yes', 'PrivateUsers=yes', 'NoNewPrivileges=yes'],
    [0],
    [],
  ),
  fitted('settings that were taken back', ['RootDirectory=/srv', 'RootDirectory=', 'DynamicUser=no'], [], []),
  refused(
    'a root that nobody may enter',
    ['InaccessiblePaths=<root>'],
    [42, 42],
    'see the root directory (InaccessiblePaths=',
  ),
  refused('another state', ['TemporaryFileSystem=~/.openclaw'], [46], '(TemporaryFileSystem=~/.openclaw)'),
  refused(
    'a read-only state',
    ['ReadOnlyPaths=~/.openclaw'],
    [47],
    'write in the state directory (ReadOnlyPaths=',
  ),
  refused('no rename', ['SystemCallFilter=~rename'], [43, 43], '(SystemCallFilter=~rename)'),
  refused('no sync', ['SystemCallFilter=~fsync'], [44], 'sync files (SystemCallFilter=~fsync)'),
  refused('a file system of its own', ['RootDirectory=/srv/openclaw'], [], '(RootDirectory=/srv/openclaw)'),
  refused('an image', ['RootImage=/srv/openclaw.raw'], [], '(RootImage=/srv/openclaw.raw)'),
  refused('a user of its own', ['DynamicUser=yes', 'StateDirectory=openclaw'], [], '(DynamicUser=yes)'),
  refused(
    'mounts that fail',
    ['BindPaths=/nowhere', 'ProtectSystem=full'],
    [226],
    'start at all (BindPaths=/nowhere)',
  ),
  {
    ...fitted(
      'an old unit for a new release',
      ['TimeoutStopSec=30', 'KillMode=control-group'],
      [],
      [
        'TimeoutStopSec=330',
        'KillMode=mixed',
        'OOMPolicy=continue',
        '[Unit]',
        'StartLimitBurst=10',
        'StartLimitIntervalSec=300',
      ],
    ),
    release: '2026.9.6',
  },
];
