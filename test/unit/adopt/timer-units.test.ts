import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyTimer, readTimer, undoTimer } from '../../../src/adopt/timer-unit-record.js';
import { planUnits, type UnitRequest } from '../../../src/adopt/timer-units.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const SERVICE = 'openclaw-releases-auto.service';

function request(more: Partial<UnitRequest> = {}): UnitRequest {
  return {
    ...{ root: '/srv/open claw%', directory: '/units', service: SERVICE, user: null, systemd: 252 },
    ...{
      argv: ['/usr/bin/node', '/x/main.js', 'timer', 'run', '--root', '/srv/open claw%'],
      limits: ['CPUWeight=20'],
    },
    ...{ offsetMs: 754_000, ...more },
  };
}

function textOf(name: string, more: Partial<UnitRequest> = {}): string {
  const found = planUnits(request(more)).find(({ path }) => path === join('/units', name));
  return found?.kind === 'file' ? found.content : '';
}

test('the service runs the timer for that root, with less of the machine than the gateway has', () => {
  const text = textOf(SERVICE);
  expect(text).toContain('ExecStart="/usr/bin/node" "/x/main.js" "timer" "run" "--root" "/srv/open claw%%"');
  expect(text).toContain('CPUWeight=20');
  expect(text).toContain('TimeoutStartSec=1d\n');
  expect(text).not.toContain('User=');
  expect(textOf(SERVICE, { user: '1000' })).toContain('User=1000');
});

test('a fleet is spread by systemd where it keeps its random delay, and by the id of the installation elsewhere', () => {
  const timer = 'openclaw-releases-auto.timer';
  expect(textOf(timer)).toContain('OnCalendar=hourly\n');
  expect(textOf(timer)).toContain('RandomizedDelaySec=1h\nFixedRandomDelay=true\n');
  for (const systemd of [246, null]) {
    expect(textOf(timer, { systemd })).toContain('OnCalendar=*-*-* *:12:34\n');
    expect(textOf(timer, { systemd })).not.toContain('Random');
  }
});

test('undoing restores earlier files byte for byte and removes new ones with their directories', () => {
  const directory = temporaryDirectory();
  const root = writeTree(join(directory, 'root'), { keep: '' });
  const units = join(directory, 'config/systemd/user');
  const path = writeTree(units, { [SERVICE]: '# of somebody else\n' });
  const writes = planUnits(request({ root, directory: path }));
  const host = { kind: 'systemd', scope: 'user', service: SERVICE } as const;
  applyTimer(root, host, writes);
  applyTimer(root, host, writes);
  expect(readTimer(root)).toMatchObject({ host });
  expect(readFileSync(join(units, SERVICE), 'utf8')).toContain('openclaw-releases timer enable');
  expect(undoTimer(root)).toMatchObject({ host });
  expect(readFileSync(join(units, SERVICE), 'utf8')).toBe('# of somebody else\n');
  expect(() => readFileSync(join(units, 'timers.target.wants'))).toThrow('ENOENT');
  expect(readTimer(root)).toBe(null);
  expect(undoTimer(root)).toBe(null);
});

test('a corrupt record is an error, not a guess', () => {
  const root = writeTree(temporaryDirectory(), { 'timer.json': '{' });
  expect(() => readTimer(root)).toThrow('is not whole JSON');
});
