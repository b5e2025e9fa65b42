import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lookOf } from '../../../src/state/fingerprint.js';
import type { StateVersions } from '../../../src/state/versions.js';
import { database } from '../../support/pair.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const TODAY: StateVersions = { databases: { 'state/openclaw.sqlite': 18 }, config: '2026.9.6' };

describe('the look of a state', () => {
  const STATE = 'state/openclaw.sqlite';
  const makeState = () => {
    const directory = writeTree(temporaryDirectory('look'), { 'openclaw.json': '{}' });
    mkdirSync(join(directory, 'state'));
    writeFileSync(join(directory, STATE), database(18), 'latin1');
    return { directory, place: { directory, config: null } };
  };

  test('stays the same while nothing happens that could change a version', () => {
    const { directory, place } = makeState();
    const before = lookOf(place, TODAY, 'a start');
    writeFileSync(join(directory, `${STATE}-wal`), 'what the gateway writes all the time');
    mkdirSync(join(directory, 'agents/main/sessions'), { recursive: true });
    expect(lookOf(place, TODAY, 'a start')).toBe(before);
  });

  test.each<[string, (directory: string) => void]>([
    ['a migrated database', (at) => writeFileSync(join(at, STATE), database(19), 'latin1')],
    ['an edited configuration', (at) => writeFileSync(join(at, 'openclaw.json'), '{"meta":{}}')],
    [
      'a database that was read before and is elsewhere',
      (at) => writeTree(at, { 'plugin.sqlite': database(2) }),
    ],
    [
      'the database of another agent',
      (at) => writeTree(at, { 'agents/other/agent/openclaw-agent.sqlite': database(1) }),
    ],
  ])('changes after %s', (_what, happen) => {
    const { directory, place } = makeState();
    const known = { ...TODAY, databases: { ...TODAY.databases, 'plugin.sqlite': 1 } };
    const before = lookOf(place, known, 'a start');
    happen(directory);
    expect(lookOf(place, known, 'a start')).not.toBe(before);
  });

  test('changes when the gateway has been started again, or is stopped and has written since', () => {
    const { directory, place } = makeState();
    const looks = [
      lookOf(place, TODAY, 'a start'),
      lookOf(place, TODAY, 'another start'),
      lookOf(place, TODAY, null),
    ];
    writeFileSync(join(directory, `${STATE}-wal`), 'a doctor');
    looks.push(lookOf(place, TODAY, null));
    expect(new Set(looks).size).toBe(4);
  });

  test('is empty where there is no state yet', () => {
    const place = { directory: join(temporaryDirectory('look'), 'none'), config: null };
    expect(lookOf(place, null, null)).toBe(lookOf(place, null, null));
  });
});
