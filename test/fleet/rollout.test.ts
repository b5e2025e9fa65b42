import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { slowness } from '../support/slowness.js';
import { FIRST, type Fleet, makeFleet } from './machines.js';

const LIMIT = 240_000 * slowness;

describe('six machines on a bridge', () => {
  const atEnd = atEndOfAll(LIMIT);
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await makeFleet(atEnd);
  }, LIMIT);

  test(
    'all have the gateway',
    async () => {
      expect(await fleet.versions()).toEqual(Array.from({ length: 6 }, () => FIRST));
      const report = await fleet.play('report');
      console.log(report.output);
    },
    LIMIT,
  );
});
