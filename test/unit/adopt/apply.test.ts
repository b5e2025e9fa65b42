import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { applyUnitChange, readAdoption, undoUnitChange } from '../../../src/adopt/apply.js';
import { readCommand } from '../../../src/adopt/command.js';
import { findDrift } from '../../../src/adopt/drift.js';
import { planUnitChange } from '../../../src/adopt/plan.js';
import type { GatewayUnit } from '../../../src/adopt/unit.js';
import { readSettings } from '../../../src/host/systemd/unit-file.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const RECOVER = ['/usr/bin/node', '/opt/open claw/main.js', 'recover', '100%'];

let home: string;
let root: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  home = temporaryDirectory('home');
  root = join(home, 'my releases 100%');
  mkdirSync(join(root, 'bin'), { recursive: true });
  env = { HOME: home, PATH: '/usr/bin' };
  writeTree(home, {
    'lib/openclaw/package.json': '{"name":"openclaw","version":"2026.5.28"}',
    'lib/openclaw/dist/index.js': '',
  });
});

const execOf = (main: string) => `/usr/bin/node ${main} gateway --port 18789 --name "a b"`;

function unit(
  over: Partial<GatewayUnit> = {},
  exec = execOf(join(home, 'lib/openclaw/dist/index.js')),
): GatewayUnit {
  const texts = [`[Service]\nExecStart=${exec}\nEnvironment=OPENCLAW_SERVICE_VERSION=1`];
  const own = readSettings(texts, {});
  return {
    name: 'openclaw-gateway.service',
    scope: 'user',
    dropIns: [],
    own,
    now: own,
    texts,
    specifiers: {},
    mode: 0o644,
    isUnderstood: true,
    user: null,
    status: { loadState: 'loaded', description: '', needsReload: false },
    ...over,
  };
}

const plan = (over: Partial<GatewayUnit> = {}, exec?: string) => {
  const described = unit(over, exec);
  const command = readCommand(described, env);
  return planUnitChange({ install: { unit: described, command }, root, recover: RECOVER, env });
};

const contentOf = (change: ReturnType<typeof plan>, end: string) => {
  const write = change.writes.find(({ path }) => path.endsWith(end));
  return write?.kind === 'file' ? write.content : '';
};

/** Lists every entry below a directory with its kind, mode and content. */
function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const stats = lstatSync(path);
      const content = stats.isSymbolicLink()
        ? readlinkSync(path)
        : stats.isFile()
          ? createHash('sha256').update(readFileSync(path)).digest('hex')
          : '';
      return `${name} ${stats.mode.toString(8)} ${stats.uid} ${stats.isFile() ? Math.floor(stats.mtimeMs) : ''} ${content}`;
    });
}

describe('the plan of adopt', () => {
  test('is a drop-in that starts the launcher with the arguments of the unit, and names no version', () => {
    const change = plan();
    expect(change.dropIn).toBe(
      join(home, '.config/systemd/user/openclaw-gateway.service.d/zz-openclaw-releases.conf'),
    );
    const text = contentOf(change, 'zz-openclaw-releases.conf');
    const { commands, environment } = readSettings([...unit().texts, text], {});
    expect(commands.map(({ words }) => words.map(({ value }) => value))).toEqual([
      [join(root, 'bin/gateway'), '--port', '18789', '--name', 'a b'],
    ]);
    expect(environment).toEqual({
      OPENCLAW_SUPERVISOR_MODE: 'external',
      OPENCLAW_NO_AUTO_UPDATE: '1',
      OPENCLAW_SERVICE_REPAIR_POLICY: 'external',
    });
    expect(text).toMatch(/^Description=OpenClaw Gateway \(openclaw-releases\)$/m);
    expect(text).toMatch(/^OnFailure=openclaw-releases-rescue\.service$/m);
    expect(text).not.toMatch(/20\d\d\.\d|@[A-Z_]+@/);
  });

  test('leaves no placeholder and no empty setting behind in any file', () => {
    for (const scope of ['user', 'system'] as const) {
      for (const write of plan({ scope, user: 'claw' }).writes) {
        if (write.kind === 'link' || write.path.endsWith('bin/rescue')) continue;
        expect(write.content).not.toMatch(/@[A-Z_]+@/);
        expect(write.content.match(/^\w+=$/gm) ?? []).toEqual(
          write.path.endsWith('.conf') ? ['ExecStart='] : [],
        );
      }
    }
  });

  test('orders recovery before the gateway at boot, with every argument as it was given', () => {
    const text = contentOf(plan(), 'openclaw-releases-recover.service');
    expect(text).toMatch(/^Before=openclaw-gateway\.service$/m);
    expect(readSettings([text], {}).commands[0]?.words.map(({ value }) => value)).toEqual(RECOVER);
    expect(readSettings([text], {}).environment).toEqual({ OPENCLAW_RELEASES_ROOT: root });
  });

  test('never lets root run what the user of a system unit can write to', () => {
    const change = plan({ scope: 'system', user: 'claw' });
    expect(change.dropIn).toBe('/etc/systemd/system/openclaw-gateway.service.d/zz-openclaw-releases.conf');
    const text = contentOf(change, 'openclaw-releases-rescue.service');
    expect(text).toMatch(/^User=claw$/m);
    const asRoot = text.split('\n').filter((line) => line.startsWith('ExecStart=+'));
    expect(asRoot).toHaveLength(2);
    for (const line of asRoot)
      expect(line).toMatch(/^ExecStart=\+\/(usr\/)?bin\/systemctl .* -- openclaw-gateway\.service$/);
  });

  test('sorts behind every drop-in that is there', () => {
    const dropIns = ['/etc/x.service.d/zz-mine.conf', '/etc/x.service.d/zzz-override.conf'];
    expect(plan({ dropIns: dropIns.slice(0, 1) }).dropIn).toMatch(/\/zz-openclaw-releases\.conf$/);
    expect(plan({ dropIns }).dropIn).toMatch(/\/zzzz-openclaw-releases\.conf$/);
    expect(() => plan({ dropIns: ['/etc/x.service.d/~.conf'] })).toThrow(
      expect.objectContaining({ code: 'supervisor_failed' }),
    );
  });

  test('gives units of another name companions of their own', () => {
    const change = plan({ name: 'openclaw-gateway-work.service' });
    expect(change.rescueUnit).toBe('openclaw-releases-rescue-openclaw-gateway-work.service');
  });

  test.each([
    [
      'without a unit',
      () => planUnitChange({ install: { unit: null, command: null }, root, recover: RECOVER, env }),
      'supervisor_not_found',
    ],
    [
      'for a root whose programs systemd refuses to start',
      () => {
        root = join(home, 'a "quoted" root');
        return plan();
      },
      'root_invalid',
    ],
    ['for a unit that starts no gateway', () => plan({}, '/bin/sleep 1'), 'command_unknown'],
  ])('is refused %s', (_title, attempt, code) => {
    expect(attempt).toThrow(
      expect.objectContaining({ code, untouched: expect.stringMatching(/^Nothing .*changed\.$/) }),
    );
  });
});

describe('adopting and leaving', () => {
  test('leaves the host as it was, byte for byte, with modes and times', () => {
    const units = join(home, '.config/systemd/user');
    mkdirSync(join(units, 'openclaw-gateway.service.d'), { recursive: true });
    writeFileSync(join(units, 'openclaw-gateway.service'), unit().texts[0] ?? '');
    // Another program had files of these names, one of them with bytes that are no text.
    writeFileSync(join(units, 'openclaw-releases-rescue.service'), Buffer.from([0xff, 0x00, 0x0a, 0xfe]), {
      mode: 0o640,
    });
    chmodSync(join(units, 'openclaw-releases-rescue.service'), 0o640);
    const before = listing(home);
    const change = plan();
    applyUnitChange(change);
    expect(findDrift(change)).toEqual([]);
    expect(listing(home)).not.toEqual(before);
    expect(undoUnitChange(root)).toMatchObject({ unit: 'openclaw-gateway.service' });
    expect(listing(home)).toEqual(before);
    expect(undoUnitChange(root)).toBeNull();
  });

  test('leaves the host as it was after adopting twice or only in part', () => {
    const before = listing(home);
    const change = plan();
    applyUnitChange(change);
    rmSync(change.dropIn);
    applyUnitChange(plan({ dropIns: ['/x/zz-z.conf'] }));
    expect(undoUnitChange(root)).not.toBeNull();
    expect(listing(home)).toEqual(before);
  });

  test('keeps a directory that contains files of others', () => {
    const change = plan();
    applyUnitChange(change);
    const theirs = join(change.dropIn, '../override.conf');
    writeFileSync(theirs, '[Service]\nNice=5\n');
    undoUnitChange(root);
    expect(readdirSync(join(change.dropIn, '..'))).toEqual(['override.conf']);
  });

  test('has on record what was there before it writes the first file', () => {
    const change = plan();
    const before = listing(home);
    const impossible = { kind: 'link' as const, path: '/proc/nowhere/x', target: 'y' };
    expect(() => applyUnitChange({ ...change, writes: [...change.writes, impossible] })).toThrow();
    expect(listing(home)).not.toEqual(before);
    expect(readAdoption(root)).toMatchObject({ unit: 'openclaw-gateway.service' });
    undoUnitChange(root);
    expect(listing(home)).toEqual(before);
  });

  test('refuses a root that has adopted another unit', () => {
    applyUnitChange(plan());
    expect(() => applyUnitChange(plan({ name: 'other.service' }))).toThrow(
      expect.objectContaining({ code: 'root_invalid' }),
    );
  });

  test('refuses a corrupt record, and touches nothing', () => {
    writeFileSync(join(root, 'adopted.json'), '{');
    expect(() => undoUnitChange(root)).toThrow(expect.objectContaining({ code: 'root_invalid' }));
  });

  test('reports every file that has drifted', () => {
    const change = plan();
    applyUnitChange(change);
    rmSync(change.dropIn);
    chmodSync(join(root, 'bin/rescue'), 0o644);
    expect(findDrift(change)).toEqual([
      { path: join(root, 'bin/rescue'), state: 'changed' },
      { path: change.dropIn, state: 'missing' },
    ]);
  });
});

test.each([
  ['openclaw-gateway.service', 'openclaw-gateway.service'],
  // systemd undoes escapes in a command line.
  ['openclaw@my\\x2dbox.service', '"openclaw@my\\\\x2dbox.service"'],
])('the rescue unit asks for the unit %s', (name, word) => {
  const rescue = plan({ name }).writes.find(({ path }) => /rescue[^/]*\.service$/.test(path));
  expect(rescue?.kind === 'file' && rescue.content).toContain(`/bin/rescue" --user ${word}\n`);
});
