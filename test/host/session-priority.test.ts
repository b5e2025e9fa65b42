import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ordinaryUser } from '../support/ordinary-user.js';
import { prioritiesAfter } from '../support/session-priority.js';

/** Some kernels do not group by session; then there is nothing to set, and it must not be missed. */
const GROUPS = existsSync('/proc/self/autogroup');

test('a user whom the kernel makes wait still sets the priority of a session', async () => {
  const body = 'for (const wanted of [10, 0, 5]) { await setSessionPriority(wanted); said.push(nice()); }';
  expect(await prioritiesAfter(body, true, ordinaryUser())).toEqual(GROUPS ? [10, 0, 5] : [null, null, null]);
});
