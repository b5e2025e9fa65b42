import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SystemUnits, type SystemUnitsOptions } from '../../../src/adopt/system-units.js';
import type { PrivilegedRequest } from '../../../src/host/systemd/privileged.js';
import { temporaryDirectory } from '../../support/place.js';

/** Pretends that systemd has started this machine. */
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, existsSync: (path: string) => path === '/run/systemd/system' || fs.existsSync(path) };
});

const UNIT = 'openclaw-gateway.service';
const ROOT = '/home/claw/releases';
const OWNER = { uid: 4321, gid: 4321, name: 'claw', home: '/home/claw' };
const { PATH } = process.env;

let records: string;
let jobs: string;
let place: string;

beforeEach(() => {
  place = temporaryDirectory('units');
  records = join(place, 'records');
  jobs = join(place, 'jobs');
  systemdKnows({
    [UNIT]: 'claw',
    'of-root.service': '',
    'other.service': 'www-data',
    'number.service': '4321',
  });
});

afterEach(() => {
  process.env.PATH = PATH;
});

/** Users by the names of units, for a systemctl that writes all else down. */
function systemdKnows(users: Record<string, string>): void {
  const known = Object.entries(users).map(
    ([name, user]) =>
      `${name}) printf '%s\\n' LoadState=loaded FragmentPath=/nowhere/${name} User=${user}; exit;;`,
  );
  const script = `#!/bin/sh\ncase "$*" in *' show '*) for name; do :; done; case $name in ${known.join(' ')} esac; echo LoadState=not-found; exit;; esac\necho "$*" >>${jobs}\n`;
  mkdirSync(join(place, 'bin'), { recursive: true });
  writeFileSync(join(place, 'bin/systemctl'), script);
  chmodSync(join(place, 'bin/systemctl'), 0o755);
  process.env.PATH = `${join(place, 'bin')}:${PATH}`;
}

const units = (over: Partial<SystemUnitsOptions> = {}) =>
  new SystemUnits({ root: ROOT, owner: OWNER, unit: UNIT, mayWrite: true, records, ...over });

const ask = (request: unknown, over: Partial<SystemUnitsOptions> = {}) =>
  units(over).answer(request as PrivilegedRequest);

const job = (...args: unknown[]) => ({ does: 'systemctl', args });

function expectNothingDone(): void {
  expect(existsSync(jobs)).toBe(false);
  expect(existsSync(records)).toBe(false);
}

describe('a job', () => {
  test.each([
    ['of another unit', job('restart', '--', 'ssh.service')],
    ['of two units', job('restart', '--', 'ssh.service', UNIT)],
    ['of a unit before the dashes', job('restart', 'ssh.service', '--', UNIT)],
    ['without dashes', job('restart', UNIT)],
    ['of no unit', job('stop', '--')],
    ['of another verb', job('mask', '--', UNIT)],
    ['that links a file', job('link', '/home/claw/evil.service')],
    ['that edits', job('edit', '--', UNIT)],
    ['that sets a property', job('set-property', '--', UNIT)],
    ['that sets the environment', job('set-environment', 'LD_PRELOAD=/home/claw/evil.so')],
    ['with options for its verb', job('--root=/home/claw', 'restart', '--', UNIT)],
    ['with an option of another host', job('restart', '--host=evil', '--', UNIT)],
    ['with an option of another root', job('restart', '--root=/home/claw', '--', UNIT)],
    ['with another signal', job('kill', '--signal=SIGUSR1', '--', UNIT)],
    ['with words after a reload', job('daemon-reload', '--root=/home/claw')],
    ['of nothing', job()],
    ['of words that are no text', job(['restart'], { 0: '--' }, null)],
    ['that is no list', { does: 'systemctl', args: 'restart' }],
    ['without words', { does: 'systemctl' }],
  ])('%s is refused', async (_, request) => {
    await expect(ask(request)).rejects.toMatchObject({ code: 'usage' });
    expectNothingDone();
  });

  test.each(['of-root.service', 'other.service'])(
    'of %s, which runs as somebody else, is refused',
    async (unit) => {
      await expect(ask(job('restart', '--', unit), { unit })).rejects.toMatchObject({
        code: 'root_not_owned',
      });
      expectNothingDone();
    },
  );

  test('of a unit that systemd does not know is refused', async () => {
    const unit = 'gone.service';
    await expect(ask(job('restart', '--', unit), { unit })).rejects.toMatchObject({
      code: 'supervisor_not_found',
    });
    expectNothingDone();
  });
});

describe('a request', () => {
  test.each([
    'apply-unit',
    'remove-unit',
    'revert-unit',
    'enable-timer',
    'disable-timer',
    'evil',
    '',
    undefined,
    7,
  ])('to %j is refused where the command writes no units', async (does) => {
    const request = { does, registry: null, offsetMs: 1 };
    await expect(ask(request, { mayWrite: false })).rejects.toMatchObject({ code: 'usage' });
    expectNothingDone();
  });

  test.each(['write-files', 'restore-files'])(
    'for %s is refused where the command changes no files of a supervisor',
    async (does) => {
      await expect(ask({ does })).rejects.toMatchObject({ code: 'usage' });
      expectNothingDone();
    },
  );

  test.each(['evil', '__proto__', 'constructor', undefined, {}])('to %j is unknown', async (does) => {
    await expect(ask({ does })).rejects.toMatchObject({ code: 'usage' });
    expectNothingDone();
  });

  test('to make a unit start a root is refused where the superuser named no unit', async () => {
    for (const does of ['apply-unit', 'fit-sandbox'])
      await expect(ask({ does }, { unit: null })).rejects.toMatchObject({ code: 'usage' });
    expectNothingDone();
  });

  test('for another release is refused for a unit that root has not adopted', async () => {
    const request = { does: 'align-unit', version: '2026.9.6' };
    await expect(ask(request)).rejects.toMatchObject({ code: 'usage' });
    expectNothingDone();
  });

  test.each(['of-root.service', 'other.service'])(
    'to adopt %s, which runs as somebody else, is refused',
    async (unit) => {
      await expect(ask({ does: 'apply-unit' }, { unit })).rejects.toMatchObject({ code: 'root_not_owned' });
      expectNothingDone();
    },
  );

  test.each([
    ['with a password', 'http://claw:secret@host/'],
    ['with a user', 'https://claw@host/'],
    ['of another scheme', 'file:///etc/shadow'],
    ['that is an option', '--root=/etc'],
    ['that is a number', 7],
    ['that is a list', ['https://host/']],
    ['that is missing', undefined],
    ['with a line of its own', 'https://host/\nUser=root\nExecStart=/home/claw/evil'],
    ['with a carriage return', 'https://host/\rUser=root'],
  ])('to enable the timer with a registry %s is refused', async (_, registry) => {
    await expect(ask({ does: 'enable-timer', registry, offsetMs: 1 })).rejects.toMatchObject({
      code: 'usage',
    });
    expectNothingDone();
  });

  test.each(['1', '1\nUser=root', null, undefined, Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, [1], {}])(
    'to enable the timer with the offset %j is refused',
    async (offsetMs) => {
      await expect(ask({ does: 'enable-timer', registry: null, offsetMs })).rejects.toMatchObject({
        code: 'usage',
      });
      expectNothingDone();
    },
  );
});

describe('the record of root', () => {
  /** A record that says how to undo `victim`, which was a file with the text "before". */
  async function recordOf(over: object): Promise<{ path: string; victim: string }> {
    const victim = join(place, 'victim');
    writeFileSync(victim, 'after');
    const before = {
      kind: 'file',
      content: Buffer.from('before').toString('base64'),
      mode: 0o600,
      mtimeMs: 0,
    };
    const ids = { uid: process.getuid?.(), gid: process.getgid?.() };
    const written = { files: [{ path: victim, before: { ...before, ...ids } }], directories: [] };
    mkdirSync(records, { recursive: true });
    // The name of the file is the digest of the root.
    const { createHash } = await import('node:crypto');
    const path = join(records, `${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}.json`);
    const record = {
      schema: 1,
      root: ROOT,
      uid: OWNER.uid,
      unit: UNIT,
      units: written,
      timer: null,
      attempt: null,
    };
    writeFileSync(path, JSON.stringify({ ...record, ...over }));
    return { path, victim };
  }

  test('undoes what it says, reverts that, and is gone once that has succeeded', async () => {
    const { path, victim } = await recordOf({});
    await ask({ does: 'remove-unit' });
    expect(readFileSync(victim, 'utf8')).toBe('before');
    await ask({ does: 'revert-unit' });
    expect(readFileSync(victim, 'utf8')).toBe('after');
    await ask({ does: 'remove-unit' });
    units().settle();
    expect(readFileSync(victim, 'utf8')).toBe('before');
    expect(existsSync(path)).toBe(false);
    await ask({ does: 'revert-unit' });
    expect(readFileSync(victim, 'utf8')).toBe('before');
  });

  test.each([
    ['a command that writes no unit', { mayWrite: false }],
    ['recovery, or a command of the timer', { unit: null }],
  ])('still reverts the last change of units after %s has succeeded', async (_, other) => {
    const { victim } = await recordOf({});
    await ask({ does: 'remove-unit' });
    units(other).settle();
    await ask({ does: 'revert-unit' });
    expect(readFileSync(victim, 'utf8')).toBe('after');
  });

  test.each([
    ['another user', { uid: 1 }],
    ['another root', { root: '/home/claw/other' }],
  ])('of %s undoes nothing', async (_, over) => {
    const { victim } = await recordOf(over);
    for (const does of ['remove-unit', 'revert-unit', 'disable-timer']) await ask({ does });
    expect(readFileSync(victim, 'utf8')).toBe('after');
  });

  test.each([
    ['another shape', { units: 7 }],
    [
      'a relative path',
      { units: { files: [{ path: 'etc/passwd', before: { kind: 'absent' } }], directories: [] } },
    ],
    ['a newer schema', { schema: 2 }],
    ['the superuser as its owner', { uid: 0 }],
  ])('with %s is refused, and undoes nothing', async (_, over) => {
    const { victim } = await recordOf(over);
    await expect(ask({ does: 'remove-unit' })).rejects.toMatchObject({ code: 'root_invalid' });
    expect(readFileSync(victim, 'utf8')).toBe('after');
    expect(readdirSync(records)).toHaveLength(1);
  });
});
