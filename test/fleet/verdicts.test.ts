import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { GOOD, ROLLED_BACK, type SimulatedHost } from './schedule.js';
import { BEFORE, simulate, TARGET } from './simulation.js';

const LIMIT = 120_000 * slowness;

type Row = [
  situation: string,
  hosts: Partial<SimulatedHost>[],
  output: RegExp,
  done: string[],
  restarted: string[],
];

/** Runs a playbook over a few simulated hosts, with one behaviour each: h01, h02 and on. */
async function run(
  behaviours: Partial<SimulatedHost>[],
  playbook: 'rollout' | 'rollback' = 'rollout',
  variables: Record<string, unknown> = {},
) {
  const hosts = Object.fromEntries(
    behaviours.map((more, at) => [`h0${at + 1}`, { verdict: GOOD, down: null, breaks: false, ...more }]),
  );
  return simulate({ kind: 'mixed', hosts }, 'gate', temporaryDirectory('fleet'), { playbook, variables });
}

describe('verdicts of a few simulated hosts', () => {
  test.each<Row>([
    [
      'the first host, done by a run that died, crashes again and again: it is watched all the same',
      [{ current: TARGET, healthyFor: 3, crashes: 'pid' }, {}],
      /h01 +failed +\S+ +did not stay healthy/,
      ['h01'],
      [],
    ],
    [
      'the first host was restarted while it is watched, and has the pid from before',
      [{ current: TARGET, crashes: 'restarts' }, {}],
      /h01 +failed +\S+ +did not stay healthy/,
      ['h01'],
      [],
    ],
    [
      'the first host runs the release, but is not ready',
      [{ current: TARGET, unready: true }, {}],
      /h01 +failed +\S+ +did not stay healthy/,
      ['h01'],
      [],
    ],
    [
      'the first host stops answering while it is watched',
      [{ current: TARGET, down: [4, 1_000_000] }, {}],
      /h01 +unreachable +\S+ +stopped answering while it was watched/,
      ['h01'],
      [],
    ],
    [
      'a gateway that was stopped does not run the release, so nothing else begins',
      [{ stopped: true, verdict: ['package_updated_restart_scheduled', 0] }, {}],
      /h01 +left +\S+ +package_updated_restart_scheduled/,
      ['h01'],
      [],
    ],
    [
      'an unknown status with exit code 0 is not done',
      [{ verdict: ['package_updated_somehow', 0] }, {}],
      /h01 +stop /,
      ['h01'],
      ['h01'],
    ],
    [
      'an answer that cannot be read after the change began needs a person',
      [{}, { breaks: true, garbles: true }],
      /h02 needs a person now/,
      ['h01', 'h02'],
      ['h01', 'h02'],
    ],
    [
      'a lost change is not taken for another one of its kind, which ended meanwhile',
      [{ overtaken: true }, { overtaken: true }],
      /h02 +done +\S+ +package_updated_restart_verified/,
      ['h01', 'h02'],
      ['h01', 'h02'],
    ],
    [
      'a release that failed there before, and is not there, has failed',
      [{}, { quarantine: true }],
      /The release failed on h02/,
      [],
      [],
    ],
    [
      'a host that cannot say whether the release failed there is left',
      [{}, { damaged: true }],
      /h02 +left +\S+ +does not say whether 2026\.9\.6 failed there: damaged/,
      [],
      [],
    ],
    [
      'an error comes with its next step',
      [{ verdict: ['refused', 3] }, {}],
      /h01 +left +\S+ +no space Next: make room/,
      [],
      [],
    ],
  ])(
    '%s',
    async (_, hosts, output, done, restarted) => {
      const outcome = await run(hosts);
      expect(outcome.output).toMatch(output);
      expect(outcome.done, outcome.output).toEqual(done);
      expect(outcome.reached, outcome.output).toEqual(restarted);
      expect(outcome.exitCode === 0, outcome.output).toBe(
        / done /.test(output.source) || output.source.includes('done +'),
      );
    },
    LIMIT,
  );

  test(
    'time in which the first host was healthy before counts for its watch',
    async () => {
      const outcome = await run([{ current: TARGET, healthyFor: 100_000 }, {}], 'rollout', {
        openclaw_releases_bake_seconds: 90_000,
      });
      expect(outcome.done, outcome.output).toEqual(['h01', 'h02']);
    },
    LIMIT,
  );

  test(
    'the first host that crashes late in its watch has failed',
    async () => {
      const outcome = await run([{ current: TARGET, crashesAfter: 5 }, {}], 'rollout', {
        openclaw_releases_bake_seconds: 6,
      });
      expect(outcome.output).toMatch(/h01 +failed +\S+ +did not stay healthy/);
      expect(outcome.reached, outcome.output).toEqual([]);
    },
    LIMIT,
  );

  test.each<[string, Partial<SimulatedHost>, RegExp]>([
    ['tries the release before the switch', { verdict: ROLLED_BACK }, /The release failed on h02/],
    ['is left where the pack cannot be copied', { full: true }, /h02 +left +\S+ +Copy the pack: no space/],
  ])(
    'a host that gets the pack %s',
    async (_, host, output) => {
      const pack = join(temporaryDirectory('pack'), 'given.pack');
      writeFileSync(pack, 'a pack');
      const outcome = await run([{}, host, {}], 'rollout', {
        openclaw_releases_from: 'pack',
        openclaw_releases_pack: pack,
        openclaw_releases_batches: [1, 1],
      });
      expect(outcome.output).toMatch(output);
      expect(outcome.reached, outcome.output).toEqual(['h01']);
    },
    LIMIT,
  );

  test.each([
    [{}, [], /openclaw_releases_rollback_state=restore/],
    [{ openclaw_releases_rollback_state: 'perhaps' }, [], /openclaw_releases_rollback_state=restore/],
    [{ openclaw_releases_rollback_state: 'restore' }, ['h01', 'h02'], /h02 +done/],
    [{ openclaw_releases_rollback_state: 'keep' }, ['h01', 'h02'], /h02 +done/],
  ])(
    'a rollback with %j as the choice about the state',
    async (choice, restarted, output) => {
      const outcome = await run([{ current: TARGET }, { current: TARGET }], 'rollback', {
        ...{ openclaw_releases_version: BEFORE, ...choice },
      });
      expect(outcome.output).toMatch(output);
      expect(outcome.reached, outcome.output).toEqual(restarted);
      expect(outcome.exitCode === 0, outcome.output).toBe(restarted.length > 0);
    },
    LIMIT,
  );
});
