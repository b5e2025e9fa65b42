import { describe, expect, test } from 'vitest';
import { decide, type RuleName } from '../../../../src/timer/rules/decision.js';
import type { HistoryEntry } from '../../../../src/timer/rules/facts.js';
import { type Differences, NOW, published, situation, window } from '../../../support/schedule.js';

const rolledBack = (to: string, startedAt: string): Partial<HistoryEntry> => ({
  from: '2026.9.5',
  to,
  status: 'rolled_back',
  startedAt,
});

const FAILED_DRILL: Partial<HistoryEntry> = {
  ...{ id: 'drill-1', kind: 'drill', status: 'drill_failed', to: '2026.9.4' },
  ...{ startedAt: '2026-11-10T00:00:00Z', endedAt: '2026-11-10T00:01:00Z' },
};

const THREE = ['2026.9.1', '2026.9.2', '2026.9.3'].map((to, at) =>
  rolledBack(to, `2026-11-1${at}T00:00:00Z`),
);
const early = (startedAt: string): Partial<HistoryEntry> => ({
  to: '2026.9.6',
  status: 'package_update_failed',
  startedAt,
});
const YANKED = {
  ...{ schema: 1 as const, serial: 1, issuedAt: '2026-10-01T00:00:00Z', expiresAt: '2027-10-01T00:00:00Z' },
  releases: [{ version: '2026.9.6', why: 'It loses messages.' }],
};

const handRollback: Partial<HistoryEntry> = {
  kind: 'rollback',
  initiator: 'person',
  from: '2026.9.6',
  to: '2026.9.5',
};

/** Published 36 hours ago, and so due since 12. */
const DUE_NOW: Differences = { registry: { versions: published(['2026.9.6'], '2026-11-20T00:00:00.000Z') } };

/** Story, rule that decides, its verdict, and a part of the reason; `until` where it is known. */
type Row = [
  story: string,
  rule: RuleName,
  verdict: 'wait' | 'no',
  reason: string,
  differences: Differences,
  until?: string | null,
];

const AGAINST: Row[] = [
  ['updates are off', 'disabled', 'no', 'are off', { policy: { enabled: false } }],
  [
    'OpenClaw itself says no',
    'disabled',
    'no',
    'OPENCLAW_NO_AUTO_UPDATE is set.',
    { policy: { blockedBy: ['OPENCLAW_NO_AUTO_UPDATE is set.'] } },
  ],
  [
    'the clock was set back an hour',
    'clock',
    'wait',
    'said 2026-11-21 13:00 UTC before',
    { clock: { lastRun: Date.parse('2026-11-21T13:00:00Z') } },
    '2026-11-21T13:00:00.000Z',
  ],
  [
    'the clock was set back by years',
    'clock',
    'wait',
    'said 2030-01-01 00:00 UTC before',
    {
      clock: { lastRun: Date.parse('2030-01-01T00:00:00Z'), behindSince: Date.parse('2026-11-21T10:00:00Z') },
    },
    '2026-11-22T10:00:00.000Z',
  ],
  ['the clock says nothing', 'clock', 'no', 'nothing that is a time', { clock: { now: Number.NaN } }],
  [
    'a person holds updates for a day',
    'held',
    'wait',
    'held until 2026-11-22 12:00 UTC',
    { policy: { hold: { until: '2026-11-22T12:00:00Z' } } },
    '2026-11-22T12:00:00.000Z',
  ],
  ['a person holds updates', 'held', 'no', 'until a person lets go', { policy: { hold: { until: null } } }],
  [
    'updates are held until nonsense',
    'held',
    'no',
    '"tomorrow", which is not a time',
    { policy: { hold: { until: 'tomorrow' } } },
  ],
  ['a change is active', 'changeActive', 'wait', 'change-7', { gateway: { activeChange: 'change-7' } }, null],
  ['no gateway runs', 'gateway', 'no', 'No release runs', { gateway: { running: null } }],
  [
    'the gateway is unhealthy',
    'gateway',
    'wait',
    '2026.9.5 is not well',
    { gateway: { healthy: false } },
    null,
  ],
  ['three automatic updates were rolled back', 'breaker', 'no', 'The last 3', { history: THREE }],
  [
    'a person did something else in between, three times ago',
    'breaker',
    'no',
    'The last 3',
    { history: [{ initiator: 'person', startedAt: '2026-11-01T00:00:00Z' }, ...THREE] },
  ],
  [
    'an attempt that changed nothing came in between',
    'breaker',
    'no',
    'The last 3',
    { history: [...THREE.slice(0, 2), early('2026-11-11T12:00:00Z'), ...THREE.slice(2)] },
  ],
  [
    'three were rolled back since a person said unhold, the first at that very moment',
    'breaker',
    'no',
    'The last 3',
    { history: THREE, policy: { breakerResetAt: '2026-11-10T00:00:00Z' } },
  ],
  [
    'one automatic update could not even be rolled back',
    'breaker',
    'no',
    'could not be rolled back',
    { history: [{ ...THREE[0], status: 'rollback_failed' }] },
  ],
  ['the last drill failed', 'drill', 'no', 'a person has to look', { history: [FAILED_DRILL] }],
  ['the registry did not answer', 'registry', 'wait', 'has not answered', { registry: null }, null],
  [
    'the registry was asked yesterday',
    'registry',
    'wait',
    'may say something else now',
    { registry: { askedAt: '2026-11-20T12:00:00Z' } },
    null,
  ],
  [
    'it is another year for the registry',
    'registry',
    'wait',
    'one of the clocks is wrong',
    { registry: { saidAt: '2027-11-21T12:00:00Z' } },
    null,
  ],
  [
    'there is no such tag',
    'available',
    'no',
    'names no release',
    { registry: { tags: { next: '2026.9.6' } } },
  ],
  [
    'the tag names nonsense',
    'available',
    'no',
    'names no release',
    { registry: { tags: { latest: '../2026' } } },
  ],
  [
    'latest names a beta by mistake',
    'available',
    'no',
    'not a stable release',
    { registry: { tags: { latest: '2026.9.7-beta.1' }, versions: published(['2026.9.7-beta.1']) } },
  ],
  [
    'what latest names was unpublished',
    'available',
    'no',
    'not published any more',
    { registry: { versions: published(['2026.9.5']) } },
  ],
  [
    'what latest names was deprecated',
    'available',
    'no',
    'taken back by its publisher: It eats sessions.',
    {
      registry: {
        versions: [{ version: '2026.9.6', at: '2026-11-10T00:00:00Z', deprecated: 'It eats sessions.' }],
      },
    },
  ],
  ['the newest runs already', 'available', 'no', 'runs already', { gateway: { running: '2026.9.6' } }],
  ['a newer one runs', 'available', 'no', 'older than 2026.9.7', { gateway: { running: '2026.9.7' } }],
  [
    'a correction of it runs, which semver takes for older',
    'available',
    'no',
    'older than 2026.9.6-2',
    { gateway: { running: '2026.9.6-2' } },
  ],
  ['what runs is no version', 'available', 'no', 'cannot be compared', { gateway: { running: 'mine' } }],
  [
    'a lagging mirror names an older release than before',
    'available',
    'no',
    'named 2026.9.8 before',
    { registry: { newestSeen: '2026.9.8' } },
  ],
  ['what runs is pinned', 'pinned', 'no', '2026.9.5 is pinned', { policy: { pins: ['2026.9.5'] } }],
  ['it is to be skipped', 'skipped', 'no', 'to be skipped', { settings: { skip: ['2026.9.6'] } }],
  ['it is yanked', 'yanked', 'no', 'is yanked: It loses messages.', { policy: { yanked: YANKED } }],
  [
    'the list of yanked releases expired',
    'yanked',
    'wait',
    'list of yanked releases expired at',
    { policy: { yanked: { ...YANKED, releases: [], expiresAt: '2026-11-01T00:00:00Z' } } },
  ],
  [
    'it failed here last week',
    'quarantined',
    'wait',
    'in quarantine until 2026-11-25 00:00 UTC',
    { policy: { quarantine: { '2026.9.6': { until: '2026-11-25T00:00:00Z', points: 1 } } } },
    '2026-11-25T00:00:00.000Z',
  ],
  ['a person rolled it back', 'manualRollback', 'no', 'A person rolled', { history: [handRollback] }],
  [
    'a person rolled it back, and left the restart for later',
    'manualRollback',
    'no',
    'A person rolled',
    { history: [{ ...handRollback, kind: 'switch', status: 'package_updated_restart_scheduled' }] },
  ],
  [
    'a person rolled it back through the gateway',
    'manualRollback',
    'no',
    'A person rolled',
    { history: [{ ...handRollback, initiator: 'gateway', kind: 'switch' }] },
  ],
  [
    'staging failed a moment ago',
    'failureBackoff',
    'wait',
    'failed once before anything was changed',
    { history: [early(NOW)] },
  ],
  [
    'it was published an hour ago',
    'delay',
    'wait',
    'for this host 1 day after its publication',
    { registry: { versions: published(['2026.9.6'], '2026-11-21T11:00:00Z') } },
    '2026-11-22T11:00:00.000Z',
  ],
  [
    'it is younger than any may be, though there is no delay',
    'minimumAge',
    'wait',
    'too young before 2026-11-21 23:00 UTC',
    {
      settings: { delayHours: 0 },
      registry: { versions: published(['2026.9.6'], '2026-11-21T11:00:00Z') },
    },
    '2026-11-21T23:00:00.000Z',
  ],
  [
    'the registry does not say how old it is',
    'minimumAge',
    'no',
    'does not say when',
    { registry: { versions: published(['2026.9.6'], '') } },
  ],
  [
    'a person updated this morning',
    'minimumInterval',
    'wait',
    'less than 1 day ago',
    { history: [{ initiator: 'person', startedAt: '2026-11-21T06:00:00Z' }] },
    '2026-11-22T06:00:00.000Z',
  ],
  [
    'the last change is said to be of the future',
    'minimumInterval',
    'wait',
    'less than 1 day ago',
    {
      history: [{ startedAt: '2030-01-01T00:00:00Z' }],
      clock: { jumpedAt: Date.parse('2026-11-21T06:00:00Z') },
    },
    '2026-11-22T06:00:00.000Z',
  ],
  [
    'what runs was verified this morning',
    'soak',
    'wait',
    'has not run for 1 day',
    { gateway: { provenAt: '2026-11-21T06:00:00Z' } },
    '2026-11-22T06:00:00.000Z',
  ],
  [
    'what runs crashed an hour ago',
    'soak',
    'wait',
    'has not run for 1 day',
    { gateway: { provenAt: '2026-11-20T06:00:00Z', restartsSince: 1, restartedAt: '2026-11-21T11:00:00Z' } },
    '2026-11-22T11:00:00.000Z',
  ],
  [
    'what runs was never verified',
    'soak',
    'wait',
    'not been verified',
    { gateway: { provenAt: null } },
    null,
  ],
  [
    'the window is at night',
    'window',
    'wait',
    'opens at 2026-11-22 02:00 UTC',
    { settings: { windows: [window('03:00', '05:00', 'Europe/Berlin')] } },
    '2026-11-22T02:00:00.000Z',
  ],
  [
    'there is no such time zone',
    'window',
    'no',
    'not a time zone',
    { settings: { windows: [window('03:00', '05:00', 'Europe/Atlantis')] } },
  ],
  [
    'there is no such time',
    'window',
    'no',
    '"25:00" is not a time',
    { settings: { windows: [window('25:00', '05:00', 'UTC')] } },
  ],
  [
    'the window has no day',
    'window',
    'no',
    'no days',
    { settings: { windows: [window('03:00', '05:00', 'UTC', [])] } },
  ],
  [
    'a plugin of OpenClaw is not published for it yet',
    'companions',
    'wait',
    '@openclaw/matrix is not published for 2026.9.6 yet, and is waited for until 2026-11-22 00:00 UTC',
    { ...DUE_NOW, companions: { version: '2026.9.6', missing: ['@openclaw/matrix'] } },
    '2026-11-22T00:00:00.000Z',
  ],
  [
    'two plugins are missing, with a longer deadline',
    'companions',
    'wait',
    '@openclaw/matrix, @openclaw/line is not published',
    {
      ...DUE_NOW,
      companions: { version: '2026.9.6', missing: ['@openclaw/matrix', '@openclaw/line'] },
      settings: { maxDeferHours: 48 },
    },
    '2026-11-23T00:00:00.000Z',
  ],
];

const FOR: [story: string, differences: Differences][] = [
  ['nothing is against it', {}],
  ['a hold is over', { policy: { hold: { until: '2026-11-21T12:00:00Z' } } }],
  ['two automatic updates were rolled back', { history: THREE.slice(1) }],
  [
    'a person has updated since three were rolled back',
    { history: [...THREE, { initiator: 'person', startedAt: '2026-11-13T00:00:00Z' }] },
  ],
  [
    'a person said unhold since three were rolled back',
    { history: THREE, policy: { breakerResetAt: '2026-11-13T00:00:00Z' } },
  ],
  ['the last drill passed', { history: [FAILED_DRILL, { ...FAILED_DRILL, status: 'drill_passed' }] }],
  [
    'a person said unhold since the last drill failed',
    { history: [FAILED_DRILL], policy: { breakerResetAt: '2026-11-11T00:00:00Z' } },
  ],
  [
    'a person has updated since the last drill failed',
    { history: [FAILED_DRILL, { initiator: 'person', startedAt: '2026-11-13T00:00:00Z' }] },
  ],
  ['one in between stayed', { history: [...THREE.slice(0, 2), {}, ...THREE.slice(2)] }],
  [
    'its publisher has moved the tag back',
    { registry: { newestSeen: '2026.9.8', versions: published(['2026.9.6', '2026.9.8']) } },
  ],
  [
    'something else is pinned, skipped and in quarantine',
    {
      policy: {
        pins: ['2026.9.4'],
        quarantine: { '2026.9.4': { until: '2030-01-01T00:00:00Z', points: 1 } },
      },
      settings: { skip: ['2026.9.4'] },
    },
  ],
  [
    'a plugin was waited for until the deadline',
    { companions: { version: '2026.9.6', missing: ['@openclaw/matrix'] } },
  ],
  [
    'a plugin is missing for another version',
    { ...DUE_NOW, companions: { version: '2026.9.5', missing: ['@openclaw/matrix'] } },
  ],
  ['every plugin is published', { ...DUE_NOW, companions: { version: '2026.9.6', missing: [] } }],
  ['its quarantine is over', { policy: { quarantine: { '2026.9.6': { until: NOW, points: 1 } } } }],
  [
    'a person rolled it back, and updated to it again',
    { history: [handRollback, { initiator: 'person', from: '2026.9.5', to: '2026.9.6' }] },
  ],
  [
    'a person tried to roll it back and could not',
    { history: [{ ...handRollback, status: 'package_update_failed' }] },
  ],
  ['staging failed days ago', { history: [early('2026-11-19T12:00:00Z')] }],
  [
    'what runs crashes all the time, and has done so for days',
    {
      gateway: { provenAt: '2026-11-17T00:00:00Z', restartsSince: 90, restartedAt: NOW },
    },
  ],
  [
    'a correction is offered',
    { registry: { tags: { latest: '2026.9.5-1' }, versions: published(['2026.9.5-1']) } },
  ],
  [
    'one of two windows is open',
    { settings: { windows: [window('03:00', '05:00', 'UTC'), window('12:00', '13:00', 'UTC')] } },
  ],
];

describe('No update', () => {
  test.each(AGAINST)('when %s (%s: %s)', (_story, rule, verdict, reason, differences, until) => {
    const decision = decide(situation(differences));
    expect(decision).toMatchObject({ verdict, rule, reason: expect.stringContaining(reason) });
    if (until !== undefined) expect(decision.until).toBe(until);
    if (verdict === 'no') expect(decision.until).toBeNull();
    expect(decision.votes).toHaveLength(21);
  });
});

describe('An update', () => {
  test.each(FOR)('when %s', (_story, differences) => {
    expect(decide(situation(differences))).toMatchObject({ verdict: 'update', rule: null, until: null });
  });
});

describe('A decision', () => {
  test('on beta takes the newer of both tags', () => {
    const offered = (beta: string, latest: string) =>
      decide(
        situation({
          settings: { channel: 'beta' },
          registry: { tags: { beta, latest }, versions: published([beta, latest]) },
        }),
      );
    expect(offered('2026.9.7-beta.2', '2026.9.6')).toMatchObject({
      verdict: 'update',
      version: '2026.9.7-beta.2',
    });
    expect(offered('2026.9.6-beta.2', '2026.9.6')).toMatchObject({ verdict: 'update', version: '2026.9.6' });
  });

  test('on beta takes the release when the newer beta was deprecated', () => {
    const registry = {
      tags: { beta: '2026.9.7-beta.1', latest: '2026.9.6' },
      versions: [...published(['2026.9.6']), { version: '2026.9.7-beta.1', at: NOW, deprecated: 'Broken.' }],
    };
    expect(decide(situation({ settings: { channel: 'beta' }, registry }))).toMatchObject({
      verdict: 'update',
      version: '2026.9.6',
    });
  });

  test('gives the moment at which the last rule allows it and a window is open', () => {
    const decision = decide(
      situation({
        policy: { hold: { until: '2026-11-22T12:00:00Z' } },
        gateway: { provenAt: '2026-11-21T06:00:00Z' },
        settings: { windows: [window('03:00', '05:00', 'UTC', ['sun', 'mon'])] },
      }),
    );
    expect(decision).toMatchObject({ verdict: 'wait', rule: 'held', until: '2026-11-23T03:00:00.000Z' });
  });

  test('names the registry only when nothing else waits, so that nobody asks it in vain', () => {
    const hold = { until: '2026-11-22T12:00:00Z' };
    expect(decide(situation({ registry: null }))).toMatchObject({
      verdict: 'wait',
      rule: 'registry',
      until: null,
    });
    expect(decide(situation({ registry: null, policy: { hold } }))).toMatchObject({
      verdict: 'wait',
      rule: 'held',
    });
    expect(decide(situation({ registry: null, policy: { enabled: false } }))).toMatchObject({
      rule: 'disabled',
    });
  });

  test('is no as soon as one rule says so, though the others wait', () => {
    expect(
      decide(
        situation({ policy: { hold: { until: '2026-11-22T12:00:00Z' } }, settings: { skip: ['2026.9.6'] } }),
      ),
    ).toMatchObject({ verdict: 'no', rule: 'skipped' });
  });

  test('is the same for the same host, and another for another one', () => {
    const turn = (installId: string) =>
      decide(situation({ installId, settings: { delayHours: 24 * 11, jitterHours: 24 } })).until;
    expect(turn('one')).toBe(turn('one'));
    expect(turn('one')).not.toBe(turn('two'));
  });
});
