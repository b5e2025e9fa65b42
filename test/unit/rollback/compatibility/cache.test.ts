import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheVersions, readCachedVersions } from '../../../../src/rollback/compatibility/cache.js';
import type { StateVersions } from '../../../../src/state/versions.js';
import { temporaryRoot } from '../../../support/place.js';

const TODAY: StateVersions = { databases: { 'state/openclaw.sqlite': 18 }, config: '2026.9.6' };

describe("the cache of the state's versions", () => {
  test.each(['', '{"schema": 2}', 'x', '{"schema":1,"look":""}', '{"schema":1,"look":"","today":null}'])(
    'is replaced when it is corrupt: %j',
    (text) => {
      const root = temporaryRoot();
      writeFileSync(join(root.path, 'compatibility.json'), text);
      expect(readCachedVersions(root)).toBeNull();
      cacheVersions(root, 'a look', TODAY);
      expect(readCachedVersions(root)).toEqual({ look: 'a look', versions: TODAY });
    },
  );

  test('is optional: a root that cannot be written is only read', () => {
    const root = temporaryRoot();
    mkdirSync(join(root.path, 'compatibility.json'));
    cacheVersions(root, 'a look', TODAY);
    expect(readCachedVersions(root)).toBeNull();
  });
});
