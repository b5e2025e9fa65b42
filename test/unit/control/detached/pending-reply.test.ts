import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdUntilReplied, waitForReply } from '../../../../src/control/detached/pending-reply.js';
import { temporaryRoot } from '../../../support/place.js';

test('a change begins once its requester is done with the request', async () => {
  const root = temporaryRoot();
  const order: string[] = [];
  let answer = () => {};
  const asked = holdUntilReplied(root, 'a', false, () => new Promise<void>((resolve) => (answer = resolve)));
  const begun = waitForReply(root, 'a').then(() => order.push('begun'));
  order.push('answered');
  answer();
  await Promise.all([asked, begun]);
  expect(order).toEqual(['answered', 'begun']);
  expect(readdirSync(root.staging)).toEqual([]);
});

test('the end of a process that has answered is waited for, but not for ever', async () => {
  const root = temporaryRoot();
  await holdUntilReplied(root, 'a', true, async () => {});
  expect(readdirSync(root.staging)).toEqual(['a.reply-pending']);
  const begun = performance.now();
  await waitForReply(root, 'a', { withinMs: 200 });
  expect(performance.now() - begun).toBeGreaterThan(150);
  expect(readdirSync(root.staging)).toEqual([]);
});

test('a stop ends the wait', async () => {
  const root = temporaryRoot();
  await holdUntilReplied(root, 'a', true, async () => {});
  const reason = new Error('stopped');
  await expect(waitForReply(root, 'a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('a dead requester, and none at all, is not waited for', async () => {
  const root = temporaryRoot();
  symlinkSync('1.1.00000000-0000-0000-0000-000000000000', join(root.staging, 'a.reply-pending'));
  const begun = performance.now();
  await waitForReply(root, 'a');
  await waitForReply(root, 'b');
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(readdirSync(root.staging)).toEqual([]);
});
