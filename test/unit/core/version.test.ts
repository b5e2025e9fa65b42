import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions, inVersionOrder, isStable } from '../../../src/core/version.js';

/** Versions of the registry, in no useful order: `npm view openclaw versions --json`. */
const PUBLISHED: string[] = JSON.parse(
  readFileSync(new URL('../../fixtures/openclaw-versions.json', import.meta.url), 'utf8'),
);

const number = fc.nat(40);
const suffix = fc.oneof(
  fc.constant(''),
  number.map((n) => `-${n}`),
  fc.tuple(fc.constantFrom('alpha', 'beta', 'dev', 'rc'), number).map(([tag, n]) => `-${tag}.${n}`),
  number.map((n) => `-${n}.beta`),
);
const build = fc.oneof(
  fc.constant(''),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 8, maxLength: 8 }),
);
const versions = fc
  .tuple(fc.integer({ min: 2025, max: 2027 }), fc.nat(12), number, suffix, build)
  .map(([year, month, patch, tail, hash]) => `${year}.${month}.${patch}${tail}${hash && `+file.${hash}`}`);

/** Gives the expected order in another way: by the meaning of each part of the version. */
function meaning(version: string): number[] {
  const [, year, month, patch, beta, correction] =
    /^(\d+)\.(\d+)\.(\d+)(?:-beta\.(\d+)|-(\d+))?$/.exec(version)?.map(Number) ?? [];
  const tail = Number.isNaN(beta) ? (Number.isNaN(correction) ? 0 : (correction ?? 0)) : -1000 + (beta ?? 0);
  return [year ?? Number.NaN, month ?? Number.NaN, patch ?? Number.NaN, tail];
}

function before(a: number[], b: number[]): boolean {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

describe('compareVersions', () => {
  test.each([
    ['2026.7.1', '2026.7.1-1'],
    ['2026.7.1-1', '2026.7.1-2'],
    ['2026.7.1-2', '2026.7.1-10'],
    ['2026.7.1-2', '2026.7.2-beta.1'],
    ['2026.7.1-beta.6', '2026.7.1'],
    ['2026.7.1-beta.2', '2026.7.1-beta.10'],
    ['2026.5.3', '2026.5.3-1'],
    ['2026.9.6', '2026.10.1'],
    ['2026.6.1', '2026.6.1+file.1a2b3c4d'],
    ['2026.6.1+file.1a2b3c4d', '2026.6.1+file.ffffffff'],
    ['2026.6.1+file.ffffffff', '2026.6.1-1'],
  ])('puts %s before %s', (first, second) => {
    expect(compareVersions(first, second)).toBeLessThan(0);
    expect(compareVersions(second, first)).toBeGreaterThan(0);
  });

  test('sorts many versions as it compares two', () => {
    fc.assert(
      fc.property(fc.array(versions, { maxLength: 20 }), (all) => {
        expect(inVersionOrder(all, (one) => one)).toEqual(all.toSorted(compareVersions));
      }),
    );
    expect(inVersionOrder(['none'], (one) => one)).toEqual(['none']);
    expect(() => inVersionOrder(['none', '2026.6.1'], (one) => one)).toThrow('"none" is not a version');
  });

  test('finds a version equal to itself only', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(compareVersions(a, b) === 0).toBe(a === b);
      }),
    );
  });

  test('gives the opposite result when the arguments are exchanged', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
      }),
    );
  });

  test('is transitive', () => {
    fc.assert(
      fc.property(versions, versions, versions, (...three) => {
        const [a, b, c] = three.sort(compareVersions) as [string, string, string];
        expect(compareVersions(a, b)).toBeLessThanOrEqual(0);
        expect(compareVersions(b, c)).toBeLessThanOrEqual(0);
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('puts every published version in the intended order', () => {
    const sorted = PUBLISHED.toSorted(compareVersions);
    for (const [index, version] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next)
        expect([version, next, before(meaning(version), meaning(next))]).toEqual([version, next, true]);
    }
    expect(sorted[0]).toBe('0.0.1');
    expect(sorted.at(-1)).toBe('2026.9.6');
  });

  test('keeps the published corrections, which semver misplaces, after what they correct', () => {
    const corrections = PUBLISHED.filter((version) => /^\d+\.\d+\.\d+-\d+$/.test(version));
    expect(corrections).toContain('2026.7.1-2');
    for (const correction of corrections) {
      expect(compareVersions(correction, correction.replace(/-\d+$/, ''))).toBeGreaterThan(0);
    }
  });

  test.each(['', 'latest', '2026.6', '2026.06.1', '../2026.6.1', '2026.6.1 '.repeat(2)])(
    'refuses %j',
    (text) => {
      expect(() => compareVersions(text, '2026.6.1')).toThrowError(
        expect.objectContaining({ code: 'release_id_invalid' }),
      );
    },
  );
});

describe('isStable', () => {
  test.each(['2026.6.1', '2026.7.1-2', '2026.6.1+file.1a2b3c4d'])('counts %s', (version) => {
    expect(isStable(version)).toBe(true);
  });

  test.each(['2026.6.1-beta.1', '2026.6.1-alpha.3', '2026.6.1-dev.20260601', '2026.6.1-1.beta'])(
    'does not count %s',
    (version) => {
      expect(isStable(version)).toBe(false);
    },
  );

  test('finds every published version without "beta" in it stable', () => {
    for (const version of PUBLISHED) expect(isStable(version)).toBe(!version.includes('beta'));
  });
});
