import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findUnitRoot } from '../../../src/cli/unit-root.js';
import { ReleasesError } from '../../../src/core/errors.js';
import { accountOf } from '../../../src/host/account.js';

const UNIT = 'openclaw-gateway.service';
/** An ordinary user that each Linux has. */
const USER = accountOf('nobody') ?? { uid: 65_534, gid: 65_534, name: 'nobody', home: '/' };
const DEFAULT = join(USER.home, '.local/share/openclaw-releases');

/** A systemd whose units run as these users; it shows a missing unit without one. */
const users = (of: Record<string, string>) => async (unit: string) => of[unit] ?? '';

test.each([
  ['a unit of another user', [], { [UNIT]: 'nobody' }, DEFAULT],
  ['a user that is named by its number', [], { [UNIT]: String(USER.uid) }, DEFAULT],
  ['a unit that is named', ['--unit', 'mine'], { 'mine.service': 'nobody' }, DEFAULT],
  ['a unit that is named whole', ['--unit=mine.service'], { 'mine.service': 'nobody' }, DEFAULT],
  ['a unit of root', [], { [UNIT]: 'root' }, null],
  ['a unit without a user', [], { [UNIT]: '' }, null],
  ['a unit of a user without an account', [], { [UNIT]: 'no-such-user' }, null],
  ['no unit', ['--unit', 'mine'], { [UNIT]: 'nobody' }, null],
])('for %s, root without a root directory means the default root of its user', async (_, words, of, path) => {
  expect(await findUnitRoot(words, users(of))).toEqual(path && { path, uid: USER.uid, user: USER.name });
});

test('a systemd that does not answer is an error, and not a unit of root', async () => {
  const silent = () => Promise.reject(new ReleasesError('supervisor_failed', 'systemctl did not answer.'));
  await expect(findUnitRoot([], silent)).rejects.toMatchObject({ code: 'supervisor_failed' });
});
