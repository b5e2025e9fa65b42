import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { REPOSITORY } from '../lab/machine.js';
import { atEndOfAll } from '../support/at-end.js';
import { slowness } from '../support/slowness.js';
import { COUNT, FIRST, type Fleet, makeFleet } from './machines.js';

const LIMIT = 400_000 * slowness;
const NEXT = '2026.6.1';

const everywhere = (version: string) => Array.from({ length: COUNT }, () => version);

describe('six machines, one of them set up as by the collection of OpenClaw itself', () => {
  const atEnd = atEndOfAll(LIMIT);
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await makeFleet(atEnd);
    fleet.publish(NEXT);
  }, LIMIT);

  const starts = () => Promise.all(fleet.hosts.map((host) => host.starts()));

  test(
    'the role installs the program and adopts the gateway of the system; a second run changes nothing',
    async () => {
      const options = ['pack', '--silent', '--ignore-scripts', '--pack-destination', fleet.directory];
      const { stdout } = await execa('npm', options, { cwd: REPOSITORY });
      const playbook = join(fleet.directory, 'hosts.yml');
      const plays = [{ hosts: 'm6', gather_facts: false, roles: ['openclaw.releases.host'] }];
      writeFileSync(playbook, JSON.stringify(plays));
      const variables = { openclaw_releases_archive: join(fleet.directory, stdout.trim()) };
      const relay = await fleet.reachRegistry(COUNT);
      const first = await fleet.play(playbook, variables);
      expect(first.exitCode, first.output).toBe(0);
      expect(first.recap.m6?.changed, first.output).toBeGreaterThan(0);
      await relay.close();
      const again = await fleet.play(playbook, variables);
      expect(again.recap.m6, again.output).toMatchObject({ changed: 0, failed: 0, unreachable: 0 });
      const { json } = await fleet.host('m6').ocr('status');
      expect(json).toMatchObject({ current: FIRST, gateway: { release: FIRST } });
      const { stdout: version } = await fleet
        .host('m6')
        .machine.run('/usr/local/bin/openclaw-releases --version', { as: 'openclaw' });
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
    },
    LIMIT,
  );

  test(
    'one pack brings the same bytes to all, without a registry; a second run changes nothing',
    async () => {
      const before = await starts();
      const dry = await fleet.play('rollout', { openclaw_releases_version: NEXT }, true);
      expect(dry.exitCode, dry.output).toBe(0);
      expect(Object.values(dry.recap).map(({ changed }) => changed)).toEqual(everywhere('').map(() => 0));
      expect(await starts()).toEqual(before);

      const first = await fleet.play('rollout', { openclaw_releases_version: NEXT });
      expect(first.exitCode, first.output).toBe(0);
      expect(await fleet.versions()).toEqual(everywhere(NEXT));
      expect(
        Object.values(first.recap).every(({ changed = 0 }) => changed > 0),
        first.output,
      ).toBe(true);
      for (const { machine } of fleet.hosts.slice(1))
        expect((await machine.run('ls /var/tmp/*.pack', { as: 'root', reject: false })).stdout).toBe('');

      expect(readdirSync(join(fleet.directory, 'packs')), 'the pack of the run is removed').toEqual([]);

      const asked = fleet.registry.requests.length;
      const after = await starts();
      const again = await fleet.play('rollout', { openclaw_releases_version: NEXT });
      expect(again.exitCode, again.output).toBe(0);
      expect(Object.values(again.recap).map(({ changed }) => changed)).toEqual(everywhere('').map(() => 0));
      expect(await starts()).toEqual(after);
      expect(fleet.registry.requests.length).toBe(asked);
    },
    LIMIT,
  );

  test(
    'report has a row for each host with the same digests; drill proves a rollback; rollback returns all',
    async () => {
      const drilled = await fleet.play('drill');
      expect(drilled.exitCode, drilled.output).toBe(0);
      const file = join(fleet.directory, 'report.json');
      const reported = await fleet.play('report', { openclaw_releases_report_file: file });
      expect(reported.exitCode, reported.output).toBe(0);
      const rows = JSON.parse(readFileSync(file, 'utf8'));
      expect(rows).toHaveLength(COUNT);
      expect(new Set(rows.map(({ treeDigest }: { treeDigest: string }) => treeDigest)).size).toBe(1);
      expect(new Set(rows.map(({ lockfileDigest }: { lockfileDigest: string }) => lockfileDigest)).size).toBe(
        1,
      );
      for (const row of rows)
        expect(row).toMatchObject({
          answers: true,
          version: NEXT,
          gateway: NEXT,
          treeDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
          healthySince: expect.stringMatching(/Z$/),
          lastDrill: expect.stringMatching(/Z$/),
          quarantine: [],
        });
      expect(reported.output).toMatch(/HOST +VERSION +TREE +LOCKFILE +HEALTHY SINCE/);

      const back = await fleet.play('rollback', {
        ...{ openclaw_releases_version: FIRST, openclaw_releases_rollback_state: 'restore' },
      });
      expect(back.exitCode, back.output).toBe(0);
      expect(await fleet.versions()).toEqual(everywhere(FIRST));
    },
    LIMIT,
  );
});
