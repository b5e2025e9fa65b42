import { expect, test } from 'vitest';
import { Limit } from '../../../../src/install/process/semaphore.js';

test('a semaphore runs so many tasks at once, and the others in order', async () => {
  const limit = new Limit(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string) =>
    limit.run(() => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const all = ['a', 'b', 'c', 'd'].map(run);
  expect(begun).toEqual(['a', 'b']);
  for (const [ended, next] of [
    ['a', 'c'],
    ['b', 'd'],
  ] as const) {
    ends.get(ended)?.();
    await expect.poll(() => begun.at(-1)).toBe(next);
  }
  for (const end of ends.values()) end();
  await Promise.all(all);
});

test('a semaphore continues after a task that failed', async () => {
  const limit = new Limit(1);
  const failed = limit.run(() => Promise.reject(new Error('no')));
  const next = limit.run(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
