import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asidePath } from '../../../src/store/set-aside.js';
import { temporaryRoot } from '../../support/place.js';

test('what is set aside at the same moment as something of that name gets a name of its own', () => {
  const root = temporaryRoot();
  const at = new Date();
  const first = asidePath(root, root.policy, at);
  writeFileSync(first, 'kept');
  expect(asidePath(root, root.policy, at)).toBe(`${first}-2`);
});
