import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { lookUp } from '../../../src/registry/lookup.js';
import { parseSpec } from '../../../src/registry/spec.js';
import { pointCurrent } from '../../../src/store/links.js';
import type { Root } from '../../../src/store/root.js';
import { checkForUpdate, lookAt } from '../../../src/timer/check.js';
import type { Evaluation } from '../../../src/timer/evaluate.js';
import { evaluateTimer } from '../../../src/timer/evaluate.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

vi.mock('../../../src/registry/lookup.js', () => ({ lookUp: vi.fn() }));
vi.mock('../../../src/timer/evaluate.js', () => ({ evaluateTimer: vi.fn() }));

const MIRROR = 'https://mirror.example/';
const OTHER = 'https://other.example/';

beforeEach(() => {
  vi.mocked(lookUp)
    .mockReset()
    .mockResolvedValue({
      resolved: { version: '2026.9.6', engines: null, schemas: null, unpackedSize: 1 },
      runtime: { kind: 'root', version: '22.0.0' },
    } as never);
});

/** A root whose timer asks a mirror. */
function rootWithTimer(): Root {
  const root = temporaryRoot();
  const record = { schema: 1, host: { kind: 'builtin' }, registry: MIRROR, at: new Date().toISOString() };
  writeFileSync(join(root.path, 'timer.json'), JSON.stringify({ ...record, files: [], directories: [] }));
  return root;
}

/** The registry names this version, and no rule is against it. */
function offer(version: string): void {
  vi.mocked(evaluateTimer).mockResolvedValue({
    decision: {
      votes: [{ rule: 'available', verdict: 'pass', reason: '' }],
      verdict: 'no',
      reason: '',
      until: null,
    },
    policy: { settings: { channel: 'stable' }, facts: { enabled: true } },
    file: { trouble: null, newest: { version, publishedAt: null } },
  } as unknown as Evaluation);
}

const asked = () => vi.mocked(lookUp).mock.calls.map(([{ overrides }]) => overrides.registry);

test('details come from the registry of the timer, unless another one is named', async () => {
  const root = rootWithTimer();
  offer('2026.9.6');
  await checkForUpdate({ root });
  await checkForUpdate({ root }, OTHER);
  await lookAt({ root }, parseSpec('2026.9.6'));
  expect(asked()).toEqual([MIRROR, OTHER, MIRROR]);
});

test.each([
  ['2026.9.6', '2026.9.6, the newest of stable, is current.'],
  ['2026.9.5', '2026.9.5, the newest of stable, is older than 2026.9.6, which is current.'],
])('without a gateway, check says how %s stands to the current release', async (version, sentence) => {
  const root = temporaryRoot();
  await sealTinyRelease(root, '2026.9.6');
  pointCurrent(root, '2026.9.6');
  offer(version);
  expect(await checkForUpdate({ root })).toMatchObject({ available: false, sentence });
});
