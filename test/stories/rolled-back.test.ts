import { beforeAll, test } from 'vitest';
import type { Behaviour } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { expectReturn, worldWithState } from '../support/rolled-back.js';
import type { World } from '../support/world.js';

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await worldWithState(atEnd);
});

test.each<[string, string, Behaviour, string]>([
  ['is never ready', '2026.9.2', { neverReady: true }, 'gateway_not_ready'],
  ['answers with another version', '2026.9.3', { answersVersion: '2026.1.1' }, 'wrong_version'],
])('a release that migrates the state and %s is rolled back with its state', (_, version, behaviour, code) =>
  expectReturn(world, version, behaviour, code),
);
