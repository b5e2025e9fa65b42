import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, type World } from '../support/world.js';
import { failedAt } from './killed.js';

const atEnd = atEndOfAll();
let world: World;
let version = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish('2026.6.1');
  await world.start('2026.6.1');
});

describe('an update that can do no more', () => {
  test.each([
    ['EIO before write lock-owner.json', 'package_updated_restart_verified 0', 'new'],
    ['ENOSPC before write ledger: new', 'insufficient_space 3', 'old'],
    ['ENOSPC before write ledger: stage doing', 'package_update_failed insufficient_space 3', 'old'],
    ['ENOSPC before write ledger: stage done', 'package_updated_restart_verified 0', 'new'],
    ['EIO before sync', 'package_update_failed write_failed 4', 'old'],
    ['ENOSPC before write release.json', 'package_update_failed insufficient_space 3', 'old'],
    ['EIO before rename release', 'package_update_failed write_failed 4', 'old'],
    ['EIO after rename release', 'package_update_failed write_failed 4', 'old'],
    ['ENOSPC before write state.json', 'package_update_failed insufficient_space 3', 'old'],
    ['EIO before rename kept state', 'package_update_failed write_failed 4', 'old'],
    ['EIO after rename kept state', 'package_update_failed write_failed 4', 'old'],
    ['ENOSPC before write return.json', 'package_update_failed insufficient_space 3', 'old'],
    ['ENOSPC before link previous', 'package_update_failed insufficient_space 3', 'old'],
    ['ENOSPC before write trial', 'package_update_failed insufficient_space 3', 'old'],
    ['EIO before link current', 'package_update_failed write_failed 4', 'old'],
    ['EIO after link current', 'package_update_failed write_failed 4', 'old'],
    ['throw before restart', 'package_updated_restart_failed internal 5', 'old'],
    ['throw after restart', 'package_updated_restart_failed internal 5', 'old'],
    ['throw before verify', 'rolled_back internal 5', 'old'],
    ['EIO before remove trial', 'rolled_back write_failed 5', 'old'],
    ['EIO before remove return.json', 'rolled_back write_failed 5', 'old'],
    ['ENOSPC before write ledger: bless done', 'package_updated_restart_verified 0', 'new'],
    ['ENOSPC before write ledger: collect doing', 'package_updated_restart_verified 0', 'new'],
    ['throw before collect', 'package_updated_restart_verified 0', 'new'],
    [
      'ENOSPC before write ledger: package_updated_restart_verified',
      'package_updated_restart_verified 0',
      'new',
    ],
  ])('%s: %s, %s', async (fault, answer, end) => {
    const target = `2026.7.${++version}`;
    world.publish(target);
    expect(await failedAt(world, fault, 'update', target)).toEqual([answer, end]);
  });
});

/** Whatever of its records cannot be written, it goes back. */
describe('a rollback that cannot write', () => {
  test.each([
    ['ENOSPC before write ledger: new', 'package_updated_restart_verified 0', 'new'],
    ['ENOSPC before write ledger: switch doing', 'package_updated_restart_verified 0', 'new'],
    ['ENOSPC before write trial', 'package_updated_restart_verified 0', 'new'],
    ['ENOSPC before write ledger: verify done', 'package_updated_restart_verified 0', 'new'],
    [
      'ENOSPC before write ledger: package_updated_restart_verified',
      'package_updated_restart_verified 0',
      'new',
    ],
  ])('%s: %s, %s', async (fault, answer, end) => {
    expect(await failedAt(world, fault, 'rollback')).toEqual([answer, end]);
  });
});
