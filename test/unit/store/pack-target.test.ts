import { expect, test } from 'vitest';
import { changeCommand } from '../../../src/store/pack-target.js';

test.each([
  ['stage', '2026.9.2', 'stage 2026.9.2'],
  ['update', 'latest', 'update latest'],
  ['stage', 'pack:/a/openclaw.pack', 'import /a/openclaw.pack'],
  ['update', 'pack:/a/openclaw.pack', 'update pack:/a/openclaw.pack'],
  ['stage', 'pack:-', 'import <pack>'],
  ['update', 'pack:-', 'import <pack>'],
])('%s of %s is asked for again by a command that waits for no standard input', (kind, target, command) => {
  expect(changeCommand(kind, target)).toBe(`openclaw-releases ${command}`);
});
