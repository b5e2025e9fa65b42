import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { SystemUnitRecord } from '../../../src/adopt/system-unit-record.js';
import { findUnitRoot } from '../../../src/cli/unit-root.js';
import { accountOf } from '../../../src/host/account.js';
import { temporaryDirectory } from '../../support/place.js';

const UNIT = 'openclaw-gateway.service';
/** An ordinary user that each Linux has. */
const USER = accountOf('nobody') ?? { uid: 65_534, gid: 65_534, name: 'nobody', home: '/' };
const DEFAULT = join(USER.home, '.local/share/openclaw-releases');

let records: string;

beforeEach(() => {
  records = join(temporaryDirectory('records'), 'records');
});

function adopted(root: string, unit: string): void {
  mkdirSync(records, { recursive: true });
  new SystemUnitRecord(root, USER, records).save({
    ...{ schema: 1, root, uid: USER.uid, unit, attempt: null, timer: null },
    units: { files: [], directories: [] },
  });
}

/** A systemd whose units run as these users. */
const users = (of: Record<string, string>) => async (unit: string) => {
  const user = of[unit];
  if (user === undefined) throw new Error('no such unit');
  return user;
};

test.each([
  ['a unit of another user', [], { [UNIT]: 'nobody' }, DEFAULT],
  ['a user that is named by its number', [], { [UNIT]: String(USER.uid) }, DEFAULT],
  ['a unit that is named', ['--unit', 'mine'], { 'mine.service': 'nobody' }, DEFAULT],
  ['a unit that is named whole', ['--unit=mine.service'], { 'mine.service': 'nobody' }, DEFAULT],
  ['a unit of root', [], { [UNIT]: 'root' }, null],
  ['a unit without a user', [], { [UNIT]: '' }, null],
  ['a user without an account', [], { [UNIT]: 'no-such-user' }, null],
  ['no unit', ['--unit', 'mine'], { [UNIT]: 'nobody' }, null],
])('for %s, root without a root directory means the default root of its user', async (_, words, of, path) => {
  expect(await findUnitRoot(words, records, users(of))).toEqual(path && { path, uid: USER.uid });
});

test('the root that has adopted the unit comes before the default one', async () => {
  adopted('/srv/other', 'other.service');
  adopted('/srv/releases', UNIT);
  expect(await findUnitRoot([], records, users({ [UNIT]: 'nobody' }))).toEqual({
    path: '/srv/releases',
    uid: USER.uid,
  });
});
