import { expect, test } from 'vitest';
import { GROUPS } from '../../../src/cli/command-names.js';
import { COMMANDS } from '../../../src/cli/commands.js';

test('the help has each command in one group', () => {
  expect(Object.values(GROUPS).flat().sort()).toEqual(Object.keys(COMMANDS).sort());
});
