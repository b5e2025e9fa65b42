import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { switchStep } from '../../../../src/change/steps/switch.js';
import type { Context } from '../../../../src/ledger/context.js';
import { newChange } from '../../../../src/ledger/ledger.js';
import { type ChangeKind, planChange } from '../../../../src/ledger/plan.js';
import { pointCurrent } from '../../../../src/store/links.js';
import { fakeContext } from '../../../support/fake-steps.js';
import { temporaryRoot } from '../../../support/place.js';
import { sealTinyRelease } from '../../../support/release.js';

const FROM = '2026.6.1';
const TO = '2026.7.1';

let trace: string;
let context: Context;

async function prepare(kind: ChangeKind): Promise<void> {
  const root = temporaryRoot();
  for (const id of [FROM, TO]) await sealTinyRelease(root, id);
  pointCurrent(root, FROM);
  const change = newChange(planChange(kind, TO), { from: FROM, previous: null, to: TO });
  change.facts.place = { directory: join(root.path, 'state'), config: null };
  context = fakeContext(root, change);
  trace = join(root.path, 'trace');
  vi.stubEnv('OPENCLAW_RELEASES_FAULT_TRACE', trace);
}

/** Lists what became durable since the last call, in order. */
function written(): string[] {
  const lines = readFileSync(trace, 'utf8').trim().split('\n');
  writeFileSync(trace, '');
  return lines.filter((line) => line.startsWith('after ')).map((line) => line.slice('after '.length));
}

beforeEach(() => () => vi.unstubAllEnvs());

const snapshot = {
  name: 'kept',
  scope: 'all' as const,
  files: 0,
  bytes: 0,
  at: '2026-06-01T00:00:00.000Z',
  ms: 0,
};

test('a switch links current last: a release that starts from then on finds its trial and its previous', async () => {
  await prepare('update');
  context.change.facts.snapshot = snapshot;
  await switchStep.do(context);
  expect(written()).toEqual(['link previous', 'write trial-restore.json', 'write trial', 'link current']);
});

test('a rollback that restores the state requests it before it links current', async () => {
  await prepare('rollback');
  context.change.facts.restore = { from: 'kept', at: '2026-06-01T00:00:00.000Z' };
  await switchStep.do(context);
  expect(written()).toEqual([
    'link previous',
    'write trial-restore.json',
    'write trial',
    'write restore.json',
    'link current',
  ]);
});

test('undoing a switch requests the state first, and ends the trial only once current names the old release', async () => {
  await prepare('update');
  context.change.facts.snapshot = snapshot;
  await switchStep.do(context);
  written();
  // A release was started since, which may have changed the state.
  context.change.steps = [{ name: 'restart', state: 'done', startedAt: context.change.startedAt }];
  await switchStep.undo?.(context);
  expect(written()).toEqual(['rename restore.json', 'link current', 'remove trial', 'remove previous']);
});
