import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  readSupervisorRecord,
  removeSupervisorRecord,
  type SupervisorRecord,
  selectSupervisor,
  writeSupervisorRecord,
} from '../../../src/supervisor/select.js';
import { systemdSupervisor } from '../../../src/supervisor/systemd/supervisor.js';
import { temporaryDirectory } from '../../support/place.js';

const RECORD: SupervisorRecord = {
  schema: 1,
  kind: 'systemd',
  scope: 'user',
  unit: 'openclaw-gateway.service',
};

describe('the supervisor of a root', () => {
  test('is the built-in one where no other is recorded', () => {
    const root = temporaryDirectory();
    expect(selectSupervisor(root).kind).toBe('builtin');
    expect(readSupervisorRecord(root)).toBe(null);
    removeSupervisorRecord(root);
  });

  test('is the recorded unit until the record is removed', () => {
    const root = temporaryDirectory();
    writeSupervisorRecord(root, RECORD);
    expect(selectSupervisor(root).kind).toBe('systemd');
    expect(readSupervisorRecord(root)).toEqual(RECORD);
    expect(JSON.parse(readFileSync(join(root, 'supervisor.json'), 'utf8'))).toMatchObject(RECORD);
    expect(statSync(join(root, 'supervisor.json')).mode & 0o022).toBe(0);
    removeSupervisorRecord(root);
    expect(existsSync(join(root, 'supervisor.json'))).toBe(false);
    expect(selectSupervisor(root).kind).toBe('builtin');
  });

  test.each([
    ['nothing', ''],
    ['half a record', '{"schema":1,"kind":"sys'],
    ['no object', 'null'],
    ['another schema', JSON.stringify({ ...RECORD, schema: 2 })],
    ['another kind', JSON.stringify({ ...RECORD, kind: 'launchd' })],
    ['another scope', JSON.stringify({ ...RECORD, scope: 'global' })],
    ['no unit', JSON.stringify({ ...RECORD, unit: undefined })],
    ['a unit that is an option', JSON.stringify({ ...RECORD, unit: '--force.service' })],
  ])('is not guessed from %s', (_, text) => {
    const root = temporaryDirectory();
    writeFileSync(join(root, 'supervisor.json'), text);
    expect(() => selectSupervisor(root)).toThrow(
      expect.objectContaining({ code: 'root_invalid', hint: expect.stringContaining('supervisor.json') }),
    );
  });
});

describe('the name of a unit', () => {
  test.each([
    '',
    'openclaw',
    'a.timer',
    '-x.service',
    'a b.service',
    'a/b.service',
    '*.service',
    'a\n.service',
  ])('%j is refused', (unit) => {
    const error = expect.objectContaining({ code: 'usage' });
    expect(() => systemdSupervisor({ scope: 'user', unit })).toThrow(error);
    const root = temporaryDirectory();
    expect(() => writeSupervisorRecord(root, { ...RECORD, unit })).toThrow(error);
    expect(existsSync(join(root, 'supervisor.json'))).toBe(false);
  });

  test.each(['openclaw-gateway.service', 'openclaw-gateway-work.service', 'a@b\\x2dc.service'])(
    '%j is accepted',
    (unit) => {
      expect(systemdSupervisor({ scope: 'system', unit }).kind).toBe('systemd');
    },
  );
});
