import { mkdtempSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeChange } from '../../src/change/run.js';
import { readTrial } from '../../src/store/links.js';
import { repairRoot } from '../../src/store/repair.js';
import { listing } from '../../src/views/releases.js';
import { overview } from '../../src/views/status.js';
import { DAMAGE_NAMES, type DamageName, damage, snapshot } from '../support/damage.js';
import { asides, expectSame, look, type Model, modelIn, NEW, WHAT } from '../support/model-root.js';
import { nobody } from '../support/nobody.js';
import { removeDirectory } from '../support/place.js';

let model: Model;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-releases-model-'));
  model = await modelIn(directory);
  return () => removeDirectory(directory);
});

const TABLE = Object.keys(WHAT).flatMap((what) =>
  DAMAGE_NAMES.map((how): [string, DamageName] => [what, how]),
);

test.each(TABLE)(
  '%s %s: reading commands report it and write nothing, recovery keeps it and a switch works',
  async (what, how) => {
    const root = model.copy();
    const path = WHAT[what]?.(root, model.change) ?? '';
    damage(path, how);
    const before = snapshot(root.path);
    const status = await look(root);
    expect(status.corrupt).toEqual([{ path, why: expect.stringMatching(/^\S.*\S$/) }]);
    expect(snapshot(root.path), 'looking wrote nothing').toEqual(before);

    const repaired = await repairRoot(root);
    const name = path.slice(root.path.length + 1);
    if (what === 'trial' && how !== 'a directory') {
      expect(repaired).toEqual([]);
      expect(readTrial(root)).toMatchObject({ boots: 0 });
    } else {
      const [aside = ''] = asides(root);
      expect(asides(root)).toEqual([
        expect.stringMatching(new RegExp(`^${name.replaceAll('/', '_')}\\.\\d{8}T\\d{9}Z$`)),
      ]);
      expect(repaired).toEqual([
        {
          path,
          movedTo: join(root.path, 'corrupt', aside),
          why: status.corrupt[0]?.why,
          instead: expect.stringMatching(/^[A-Z].*\.$/),
        },
      ]);
      expectSame(before, name, snapshot(root.path), `corrupt/${aside}`);
      expect((await overview(root, nobody)).corrupt).toEqual([]);
      expect((await listing(root, nobody)).releases).toHaveLength(3);
    }
    // Nothing else was lost or touched.
    const after = snapshot(root.path);
    for (const [other, content] of before) {
      if (other === name || other.startsWith(`${name}/`)) continue;
      expect(after.get(other), other).toBe(content);
    }

    const switched = await makeChange(
      { root, supervisor: nobody },
      { kind: 'switch', target: NEW, options: { restart: false } },
    );
    expect(switched).toMatchObject({ status: 'package_updated_restart_scheduled', error: null });
    expect(readlinkSync(root.current)).toBe(`releases/${NEW}`);
    expect(readTrial(root) === null || readTrial(root)?.id !== NEW).toBe(true);
  },
);
