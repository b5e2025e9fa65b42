import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { temporaryDirectory } from '../support/place.js';
import { makeRealFleet, type RealFleet } from './openclaw-fleet.js';
import { LONG_MS } from './openclaw-story.js';

const OLD = { version: '2026.9.5', schema: 17 };
const NEW = { version: '2026.9.6', schema: 18 };
const COUNT = 3;

// One story: each test begins where the one before it ended.
describe('real OpenClaw on three machines, and one pack', () => {
  const atEnd = atEndOfAll(LONG_MS);
  let fleet: RealFleet;

  beforeAll(async () => {
    fleet = await makeRealFleet(atEnd, { from: OLD.version, to: NEW.version, count: COUNT });
    await expectEverywhere(OLD);
  }, 3 * LONG_MS);

  async function expectEverywhere({ version, schema }: typeof OLD): Promise<void> {
    for (const { ocr, stateSchema } of fleet.hosts) {
      const { json } = await ocr('status');
      const gateway = { release: version, health: { ready: true, version } };
      expect(json, JSON.stringify(json)).toMatchObject({ current: version, gateway });
      expect(await stateSchema()).toBe(schema);
    }
  }

  test(
    'the roll-out brings the same tree to all, and asks no registry for a byte',
    async () => {
      const { exitCode, output } = await fleet.play('rollout', { openclaw_releases_version: NEW.version });
      expect(exitCode, output).toBe(0);
      await expectEverywhere(NEW);
      const file = join(temporaryDirectory('report'), 'report.json');
      const reported = await fleet.play('report', { openclaw_releases_report_file: file });
      expect(reported.exitCode, reported.output).toBe(0);
      const rows: { treeDigest: string }[] = JSON.parse(readFileSync(file, 'utf8'));
      expect(rows).toHaveLength(COUNT);
      expect(new Set(rows.map(({ treeDigest }) => treeDigest)).size).toBe(1);
      expect({ asked: fleet.asked, bytes: fleet.registryBytes() }).toEqual({ asked: [], bytes: 0 });
      console.log(`${output}\n${reported.output}\nbytes from a registry: ${fleet.registryBytes()}`);
    },
    2 * LONG_MS,
  );

  test(
    'rollback returns all to the release and to the state from before',
    async () => {
      const { exitCode, output } = await fleet.play('rollback', {
        ...{ openclaw_releases_version: OLD.version, openclaw_releases_rollback_state: 'restore' },
      });
      expect(exitCode, output).toBe(0);
      await expectEverywhere(OLD);
      for (const { ocr } of fleet.hosts) {
        const { last } = (await ocr('status')).json;
        expect(last).toMatchObject({
          ...{ kind: 'rollback', from: NEW.version, to: OLD.version },
          stateRestored: { restored: true, release: OLD.version },
        });
      }
      expect(fleet.asked).toEqual([]);
      console.log(output);
    },
    2 * LONG_MS,
  );

  test(
    'a host that wants something of a registry is counted',
    async () => {
      const refused = await fleet.hosts[0]?.ocr('stage 2026.6.1');
      expect(refused?.exitCode).not.toBe(0);
      expect(fleet.asked.length).toBeGreaterThan(0);
      expect(fleet.registryBytes()).toBeGreaterThan(0);
    },
    LONG_MS,
  );
});
