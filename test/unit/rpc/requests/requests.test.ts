import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Change, newChange, saveChange } from '../../../../src/ledger/ledger.js';
import { planChange } from '../../../../src/ledger/plan.js';
import {
  claimDelivery,
  findRequest,
  giveUpDelivery,
  listRequests,
  markDelivered,
  newRequest,
  pruneRequests,
  type RequestRecord,
  saveRequest,
  undelivered,
} from '../../../../src/rpc/requests/requests.js';
import { verdictText } from '../../../../src/rpc/requests/result-text.js';
import { repairRoot } from '../../../../src/store/repair.js';
import { requestPath } from '../../../../src/store/request-files.js';
import { prepareRoot, type Root } from '../../../../src/store/root.js';
import { changeDocument } from '../../../../src/views/change.js';
import { temporaryRoot } from '../../../support/place.js';

const DAY_MS = 24 * 60 * 60_000;

function aChange(root: Root, more: Partial<Change> = {}): Change {
  const facts = { from: '2026.5.28', previous: null, to: '2026.6.1' };
  const change = { ...newChange(planChange('update', '2026.6.1'), facts), ...more };
  saveChange(root, change);
  return change;
}

const ended = (status: Change['status']) => ({ status, endedAt: new Date().toISOString() });

function aRequest(root: Root, change: string | null, more: Partial<RequestRecord> = {}): RequestRecord {
  const request = {
    ...newRequest({
      ...{ by: null, key: null, wants: { kind: 'update', target: '2026.6.1' }, outcome: 'began', change },
      ...{ before: '2026.5.28', note: null, sessionKey: 's', deliveryContext: null, threadId: null },
      ...{ continuationMessage: null, restartDelayMs: null },
    }),
    ...more,
  };
  saveRequest(root, request);
  return request;
}

test('each verdict is reported once', () => {
  const root = temporaryRoot();
  prepareRoot(root);
  aRequest(root, aChange(root).id);
  aRequest(root, null);
  aRequest(root, 'a-change-whose-record-is-lost');
  const change = aChange(root, ended('rolled_back'));
  const { id } = aRequest(root, change.id);
  expect(undelivered(root).map(({ request }) => request.id)).toEqual([id]);
  expect(claimDelivery(root, id)).toBe(true);
  expect(claimDelivery(root, id)).toBe(false);
  giveUpDelivery(root, id);
  expect(claimDelivery(root, id), 'it could not be told').toBe(true);
  markDelivered(root, id);
  expect(claimDelivery(root, id)).toBe(false);
  expect(undelivered(root)).toEqual([]);
  expect(findRequest(root, id)?.deliveredAt).not.toBe(null);
});

test('a verdict that a dead process was reporting is reported by the next one', () => {
  const root = temporaryRoot();
  prepareRoot(root);
  const { id } = aRequest(root, aChange(root, ended('rolled_back')).id);
  const dead = execFileSync(process.execPath, ['-e', 'console.log(process.pid)'], {
    encoding: 'utf8',
  }).trim();
  symlinkSync(`${dead}.1.00000000-0000-0000-0000-000000000000`, join(root.requests, `${id}.owner`));
  expect(claimDelivery(root, id)).toBe(true);
  expect(claimDelivery(root, id)).toBe(false);
});

test('a request is kept for a week, while somebody waits for it however many come, and no longer', () => {
  const root = temporaryRoot();
  prepareRoot(root);
  const told = aChange(root, ended('rolled_back')).id;
  const now = Date.now();
  const at = (days: number) => new Date(now - days * DAY_MS).toISOString();
  const deliveredAt = at(0);
  const old = aRequest(root, told, { at: at(8), deliveredAt });
  const young = aRequest(root, told, { at: at(6), deliveredAt });
  const running = aRequest(root, aChange(root).id, { at: at(8) });
  const waiting = aRequest(root, told, { at: at(6) });
  pruneRequests(root, now);
  const ids = () => listRequests(root).map(({ id }) => id);
  expect(ids().sort()).toEqual([young, running, waiting].map(({ id }) => id).sort());
  for (let count = 0; count < 500; count++) {
    const id = `20990101T000000000Z-${count.toString(16).padStart(8, '0')}`;
    writeFileSync(requestPath(root, id), JSON.stringify({ ...young, id }));
  }
  pruneRequests(root, now);
  expect(ids()).toHaveLength(500);
  expect(ids()).toEqual(expect.arrayContaining([running.id, waiting.id]));
  expect(ids()).not.toContain(old.id);
});

test('a corrupt request is moved away, and the others are reported', async () => {
  const root = temporaryRoot();
  prepareRoot(root);
  const change = aChange(root, ended('package_updated_restart_verified')).id;
  const broken = aRequest(root, change);
  const whole = aRequest(root, change);
  writeFileSync(requestPath(root, broken.id), '');
  expect(undelivered(root).map(({ request }) => request.id)).toEqual([whole.id]);
  expect(await repairRoot(root)).toMatchObject([
    { why: 'is empty', movedTo: expect.stringContaining('corrupt') },
  ]);
  expect(listRequests(root).map(({ id }) => id)).toEqual([whole.id]);
});

test('a verdict in words names the request, what runs, what was cut off, and the next command', () => {
  const root = temporaryRoot();
  prepareRoot(root);
  const well = aChange(root, ended('package_updated_restart_verified'));
  well.facts.liveMs = 2345;
  well.facts.restartRequestedAt = well.startedAt;
  well.facts.idle = {
    ...{ announcedAt: '', deadlineAt: '', restartAt: null, busy: ['2 agent runs'], outcome: 'deadline' },
    interruptedWork: ['2 agent runs'],
  };
  expect(verdictText(changeDocument(root, well), aRequest(root, well.id, { note: 'as agreed' }))).toBe(
    [
      'Done: update 2026.5.28 -> 2026.6.1.',
      '2026.6.1 runs and is verified, live again 2.3 s after the restart.',
      'The restart cut off 2 agent runs.',
      'Note: as agreed',
    ].join('\n'),
  );
  const failed = aChange(root, {
    ...ended('rolled_back'),
    error: {
      code: 'gateway_crashed',
      message: 'It ended with exit code 1.',
      hint: 'openclaw-releases status',
    },
  });
  expect(verdictText(changeDocument(root, failed), aRequest(root, failed.id))).toBe(
    [
      'Failed: update 2026.5.28 -> 2026.6.1.',
      '2026.6.1 failed verification; 2026.5.28 is current again.',
      'Why: gateway_crashed: It ended with exit code 1.',
      'Next: openclaw-releases status',
    ].join('\n'),
  );
});
