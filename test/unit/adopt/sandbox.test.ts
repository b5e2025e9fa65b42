import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fitSandbox } from '../../../src/adopt/sandbox.js';
import { specifiersOf } from '../../../src/host/systemd/specifiers.js';
import { readSettings } from '../../../src/host/systemd/unit-file.js';
import { temporaryDirectory } from '../../support/place.js';

const { PATH, XDG_RUNTIME_DIR } = process.env;

let place: string;
let root: string;

beforeEach(() => {
  place = temporaryDirectory('sandbox');
  root = join(place, 'my root 100%');
  for (const path of ['bin', 'systemd', 'my root 100%']) mkdirSync(join(place, path));
  writeFileSync(join(place, 'systemd/private'), '');
  process.env.XDG_RUNTIME_DIR = place;
  process.env.PATH = `${join(place, 'bin')}:${PATH}`;
});

afterEach(() => {
  process.env.PATH = PATH;
  if (XDG_RUNTIME_DIR === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = XDG_RUNTIME_DIR;
});

/** A systemctl whose trials end with these codes, one after the other, and that keeps their units. */
function trialsEndWith(...codes: number[]): void {
  writeFileSync(join(place, 'codes'), codes.map((code) => `${code}\n`).join(''));
  const script = `#!/bin/sh
cd "${place}"
for unit; do :; done
case "$*" in
  *' start '*)
    cp "systemd/user/$unit" "tried.$(ls tried.* 2>/dev/null | wc -l)"
    read -r code <codes; sed -i 1d codes; echo "$code" >code; exit "$code" ;;
  *' show '*) printf 'LoadState=loaded\\nExecMainCode=1\\nExecMainStatus=%s\\n' "$(cat code)" ;;
esac
`;
  writeFileSync(join(place, 'bin/systemctl'), script);
  chmodSync(join(place, 'bin/systemctl'), 0o755);
}

const tried = () =>
  readdirSync(place)
    .filter((name) => name.startsWith('tried.'))
    .sort()
    .map((name) => readFileSync(join(place, name), 'utf8').split('\n'));

const fitted = (...lines: string[]) => fittedAs('openclaw-gateway.service', ...lines);

const fittedAs = (name: string, ...lines: string[]) =>
  fitSandbox(
    {
      ...{ name, scope: 'user' as const },
      specifiers: specifiersOf({ unit: name, scope: 'user' }, `/units/${name}`, process.env),
      own: readSettings([['[Service]', 'Environment=PATH=/usr/bin:/bin', ...lines].join('\n')], {}),
    },
    { root, state: null },
  );

const escaped = () => `"${root.replace('%', '%%')}"`;

test('the trial of an instance has the settings of that instance', async () => {
  trialsEndWith(0);
  await fittedAs('openclaw@claw.service', 'User=%i', 'NoNewPrivileges=yes', 'ReadWritePaths=/srv/%i %h/%p');
  const [unit = []] = tried();
  expect(unit).toEqual(expect.arrayContaining(['User=claw', 'ReadWritePaths=/srv/claw %h/openclaw']));
});

test('a unit without a sandbox is not tried', async () => {
  expect(await fitted('User=claw', 'UMask=0077', 'KillMode=mixed')).toEqual([]);
});

test('nothing is added where the launcher can do its work, and nothing is left of the trial', async () => {
  trialsEndWith(0);
  expect(await fitted('ProtectSystem=strict', 'RuntimeDirectory=openclaw', 'BindPaths=/srv/%N %h')).toEqual(
    [],
  );
  const [unit = []] = tried();
  expect(unit).toEqual(
    expect.arrayContaining(['ProtectSystem=strict', 'BindPaths=/srv/openclaw-gateway %h', 'Type=oneshot']),
  );
  expect(unit.join('\n')).not.toContain('RuntimeDirectory');
  expect(readdirSync(join(place, 'systemd/user'))).toEqual([]);
});

test('one addition after the other is tried, until it works', async () => {
  trialsEndWith(42, 43, 45, 0);
  const added = [
    { key: 'ProtectHome', value: 'tmpfs' },
    { key: 'BindPaths', value: escaped() },
    { key: 'ReadWritePaths', value: escaped() },
    { key: 'ExecPaths', value: escaped() },
  ];
  expect(await fitted('ProtectHome=yes', 'NoExecPaths=/home')).toEqual(added);
  const [, , , last = []] = tried();
  const lines = added.map(({ key, value }) => `${key}=${value}`);
  expect(last.filter((line) => lines.includes(line))).toEqual(lines);
});

test('where the shell cannot be run, the launcher gets its programs, and the trial its own besides', async () => {
  trialsEndWith(203, 0);
  const [added] = await fitted('NoExecPaths=/');
  expect(added?.key).toBe('ExecPaths');
  expect(added?.value).toContain('readlink"');
  expect(added?.value).not.toContain('chmod"');
  expect(tried()[1]?.join('\n')).toContain('chmod"');
});

test.each([
  ['a need that no addition meets', [44], ['SystemCallFilter=~@sync'], 'SystemCallFilter=~@sync'],
  ['an addition that does not help', [42, 42], ['InaccessiblePaths=/home'], 'InaccessiblePaths=/home'],
  ['a code that is unknown', [99], ['LimitNPROC=0'], 'LimitNPROC=0'],
  ['a file system of its own', [], ['RootDirectory=/srv'], 'RootDirectory=/srv'],
  ['a user of its own', [], ['User=claw', 'User=', 'DynamicUser=yes'], 'DynamicUser=yes'],
])('%s is refused with the setting', async (_, codes, lines, setting) => {
  trialsEndWith(...codes);
  const refused = expect(fitted(...lines)).rejects;
  await refused.toMatchObject({
    code: 'sandbox_forbids',
    message: expect.stringContaining(`(${setting})`),
    hint: expect.stringContaining('systemctl --user edit openclaw-gateway.service'),
  });
  expect(tried()).toHaveLength(codes.length);
});
