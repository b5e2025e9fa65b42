import { expect, onTestFinished, test } from 'vitest';
import { demoPlace, LONG_MS } from './demo.js';

test('the demo on real OpenClaw: stage, run, update, verify, roll back, and nothing left', {
  timeout: LONG_MS,
}, async () => {
  const place = demoPlace(onTestFinished);
  const { exitCode, all } = await place.start();
  expect(exitCode, all).toBe(0);
  expect(all.match(/ \[package_updated_restart_verified\]$/gm)).toHaveLength(2);
  expect(all).toMatch(/is intact: \d{5} files/);
  // A busy host may hold the gateway up for a second before its restart, too.
  expect(all).toMatch(
    /update {4}(\d+\.\d+ s, then )*\d+\.\d+ s\n {2}rollback {2}(\d+\.\d+ s, then )*\d+\.\d+ s/,
  );
  expect(place.leftBehind()).toEqual([]);
});
