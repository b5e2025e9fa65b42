import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asidePath } from '../../../src/store/move-aside.js';
import { temporaryRoot } from '../../support/place.js';

test('a file that is moved away at the same moment as one of the same name gets its own name', () => {
  const root = temporaryRoot();
  const at = new Date();
  const first = asidePath(root, root.policy, at);
  writeFileSync(first, 'kept');
  expect(asidePath(root, root.policy, at)).toBe(`${first}-2`);
});
