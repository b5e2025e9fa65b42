import { describe, expect, test } from 'vitest';
import { NEEDS, restrictionsOf, sandboxOf, unmetSentence } from '../../../src/adopt/sandbox-needs.js';

const settings = (...lines: string[]) =>
  lines.map((line) => {
    const at = line.indexOf('=');
    return { key: line.slice(0, at), value: line.slice(at + 1) };
  });

const keys = (lines: string[], of: typeof restrictionsOf) => of(settings(...lines)).map(({ key }) => key);

test('a unit restricts its processes by each setting of a sandbox, and by nothing else', () => {
  const restricting = [
    ...[
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'ReadOnlyPaths=/',
      'InaccessiblePaths=/srv',
      'NoExecPaths=/',
    ],
    ...[
      'TemporaryFileSystem=/var',
      'PrivateTmp=yes',
      'PrivateUsers=yes',
      'DynamicUser=yes',
      'RootDirectory=/srv',
    ],
    ...['SystemCallFilter=@system-service', 'BindReadOnlyPaths=/a', 'MountFlags=slave', 'LimitFSIZE=1G'],
    ...['StateDirectory=openclaw', 'ProcSubset=pid', 'CapabilityBoundingSet='],
  ];
  const others = [
    ...['ExecStart=/bin/true', 'Restart=always', 'PrivateNetwork=yes', 'RuntimeDirectory=openclaw', 'Nice=5'],
    ...['Environment=A=b', 'TimeoutStopSec=30', 'KillMode=mixed', 'PIDFile=/run/x', 'RemoveIPC=yes'],
  ];
  expect(keys([...restricting, ...others], restrictionsOf)).toEqual(
    restricting.map((line) => line.slice(0, line.indexOf('='))),
  );
  // What a trial must not do beside a gateway: take its runtime directory, its pid file or its queues away.
  expect(keys(['User=claw', 'UMask=0077', ...others], sandboxOf)).toEqual(['User', 'UMask']);
});

describe('the sentence about a need', () => {
  const lines = [
    'ProtectSystem=full',
    'ReadOnlyPaths=/home',
    'ProtectSystem=strict',
    'ProtectHome=no',
    'ReadOnlyPaths=/srv',
  ];

  test('names the lines that forbid it: each of a list, the last of all else', () => {
    const [, need] = Object.entries(NEEDS).find(([code]) => code === '43') ?? [];
    expect(unmetSentence('a.service', need ?? expect.fail('there is a need 43'), settings(...lines))).toBe(
      'a.service does not let the launcher write in the root directory (ReadOnlyPaths=/home, ProtectSystem=strict, ReadOnlyPaths=/srv), so a bad release could not be rolled back.',
    );
  });

  test('names all that could, where no line is known', () => {
    expect(unmetSentence('It', { work: 'sync files', by: ['SystemCallFilter', 'X'] }, [])).toContain(
      '(SystemCallFilter=, X=)',
    );
  });
});
