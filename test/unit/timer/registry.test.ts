import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { AskRegistry } from '../../../src/registry/asking.js';
import { loadClientOptions } from '../../../src/registry/client.js';
import { offeredReleases } from '../../../src/registry/offer.js';
import { readTimerState, type TimerStateFile } from '../../../src/store/timer-state.js';
import { askRegistry, isLeftAlone } from '../../../src/timer/registry.js';
import { DEFAULTS } from '../../../src/timer/rules/settings.js';
import { openclawPackage } from '../../registry/gateway-package.js';
import { type Registry, startRegistry } from '../../registry/registry.js';
import { temporaryDirectory, temporaryRoot } from '../../support/place.js';

const HOUR = 60 * 60_000;
const PACKUMENT = 'GET /openclaw';
const NOW = Date.parse('2026-06-10T00:00Z');

describe("the registry's answers that the timer caches", () => {
  let registry: Registry;
  let file: TimerStateFile;
  let ask: AskRegistry;

  beforeEach(async () => {
    registry = await startRegistry({ now: () => NOW });
    onTestFinished(() => registry.close());
    registry.publish(openclawPackage('2026.6.1'), { publishedAt: new Date(NOW - 9 * HOUR) });
    const options = await loadClientOptions({ registry: registry.url, cache: temporaryDirectory() });
    ask = (question) => offeredReleases({ ...options, retry: { retries: 0 } }, question);
    file = readTimerState(temporaryRoot());
  });

  const look = async (now = NOW) => {
    const before = registry.requests.length;
    file = { ...file, ...(await askRegistry(file, DEFAULTS, now, ask)) };
    return registry.requests.slice(before);
  };

  test('the whole document is requested once for each release, then only if it has changed', async () => {
    expect(await look()).toEqual([PACKUMENT, PACKUMENT]);
    expect(file.registry).toMatchObject({
      tags: { latest: '2026.6.1' },
      versions: [{ version: '2026.6.1', at: '2026-06-09T15:00:00.000Z', deprecated: null }],
      saidAt: '2026-06-10T00:00:00.000Z',
    });
    expect(await look(NOW + HOUR)).toEqual([PACKUMENT]);
    expect(file.registry?.askedAt).toBe('2026-06-10T01:00:00.000Z');
    registry.publish(openclawPackage('2026.6.5'));
    expect(await look()).toEqual([PACKUMENT, PACKUMENT]);
    expect(await look()).toEqual([PACKUMENT]);
  });

  test('the whole document is requested again where it is older than the short one', async () => {
    const releases = (at: string, ...versions: string[]) =>
      versions.map((version) => ({ version, at, deprecated: null }));
    const of = { tags: { latest: '2026.6.2' }, etag: null, saidAt: null };
    let whole = releases('2026-06-01T00:00:00Z', '2026.6.1');
    const stale: AskRegistry = async ({ whole: isWhole }) =>
      isWhole ? { ...of, versions: whole } : { ...of, versions: releases('', '2026.6.1', '2026.6.2') };
    file = { ...file, ...(await askRegistry(file, DEFAULTS, NOW, stale)) };
    expect(file.registry?.versions).toMatchObject([{ version: '2026.6.2', at: '' }]);
    whole = releases('2026-06-01T00:00:00Z', '2026.6.1', '2026.6.2');
    file = { ...file, ...(await askRegistry(file, DEFAULTS, NOW + HOUR, stale)) };
    expect(file.registry?.versions).toMatchObject([{ version: '2026.6.2', at: '2026-06-01T00:00:00Z' }]);
  });

  test('a version is remembered as the newest once it has its minimum age and is not deprecated', async () => {
    await look();
    expect(file.newestSeen).toEqual({});
    await look(NOW + 3 * HOUR);
    expect(file.newestSeen).toEqual({ stable: '2026.6.1' });
    registry.publish(openclawPackage('2026.60.1'), { publishedAt: new Date(NOW) });
    registry.deprecate('openclaw', '2026.60.1', 'a mistake');
    await look(NOW + 20 * HOUR);
    expect(file.newestSeen).toEqual({ stable: '2026.6.1' });
  });

  test('the whole document is not requested every hour from a registry that sends no date', async () => {
    const answers: AskRegistry = async () => ({
      ...{ tags: { latest: '2026.6.1' }, etag: null, saidAt: null },
      versions: [{ version: '2026.6.1', at: '', deprecated: null }],
    });
    let asked = 0;
    const counted: AskRegistry = (question) => {
      asked++;
      return answers(question);
    };
    for (let hour = 0; hour < 5; hour++)
      file = { ...file, ...(await askRegistry(file, DEFAULTS, NOW + hour * HOUR, counted)) };
    expect(asked).toBe(6);
  });

  test('a withdrawn version is noticed, even when it and its tag stay', async () => {
    await look();
    registry.deprecate('openclaw', '2026.6.1', 'it eats mail');
    await look();
    expect(file.registry?.versions).toMatchObject([{ deprecated: 'it eats mail' }]);
  });

  test.each([
    ['down', 'server-error', 'registry_error'],
    ['without the package', 'not-found', 'version_not_found'],
    ['cut off in the middle of its answer', 'cut-off', 'registry_'],
  ] as const)(
    'a registry that is %s is left alone for longer and longer, and its last answer is kept',
    async (_, kind, code) => {
      await look();
      const known = file.registry;
      registry.fault({ kind, match: /^\/openclaw$/ });
      // Publishing changes the answer: an unchanged one has no body to be cut off.
      if (kind === 'cut-off') registry.publish(openclawPackage('2026.6.2'));
      const waits: number[] = [];
      for (let now = NOW + HOUR; waits.length < 12; now = Date.parse(file.trouble?.retryAt ?? '')) {
        await look(now);
        expect(file.trouble?.error.code).toContain(code);
        waits.push(Date.parse(file.trouble?.retryAt ?? '') - now);
        expect(isLeftAlone(file.trouble, now + 1)).toBe(true);
      }
      expect(file.trouble?.failures).toBe(12);
      expect(waits[0]).toBeLessThanOrEqual(10 * 60_000);
      expect(Math.max(...waits)).toBeGreaterThan(HOUR);
      expect(Math.max(...waits)).toBeLessThanOrEqual(24 * HOUR);
      expect(file.registry).toEqual(known);
      registry.clearFaults();
      await look();
      expect(file.trouble).toBe(null);
    },
  );

  test('a clock that was ahead between two failures does not keep the registry from being asked', async () => {
    registry.fault({ kind: 'server-error' });
    await look(NOW);
    await look(NOW + 50_000 * HOUR);
    expect(isLeftAlone(file.trouble, NOW + 48 * HOUR)).toBe(false);
  });

  test('a clock that was set back does not keep the registry from being asked', async () => {
    registry.fault({ kind: 'server-error' });
    await look(NOW + 1000 * HOUR);
    expect(isLeftAlone(file.trouble, NOW + 1000 * HOUR + 1)).toBe(true);
    expect(isLeftAlone(file.trouble, NOW)).toBe(false);
  });
});
