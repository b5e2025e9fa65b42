import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whyNoIntent, writeRestartIntent } from '../../../src/openclaw/restart-intent.js';
import { temporaryDirectory } from '../../support/place.js';

const UNIT = { OPENCLAW_SYSTEMD_UNIT: 'openclaw-gateway.service' };

test.each<[string | null, Record<string, string>, string | null]>([
  ['2026.5.28', UNIT, null],
  ['2026.6.1', { INVOCATION_ID: 'a' }, null],
  ['2026.6.1', { INVOCATION_ID: ' ' }, '2026.6.1 would stay in its process without systemd'],
  ['2026.6.1', {}, '2026.6.1 would stay in its process without systemd'],
  ['2026.6.1', { ...UNIT, OPENCLAW_NO_RESPAWN: '1' }, 'OPENCLAW_NO_RESPAWN keeps it in its process'],
  ['2026.7.1', UNIT, '2026.7.1 has no way to be told'],
  ['2026.9.6', UNIT, '2026.9.6 has no way to be told'],
  [null, UNIT, 'it does not say its version'],
  ['unknown', UNIT, 'it does not say its version'],
  ['', UNIT, 'it does not say its version'],
])('a restart intent in a file, for %s in %j: %s', (version, env, expected) => {
  expect(whyNoIntent(version, env)).toBe(expected);
});

test('an intent is what OpenClaw reads, for one process, and withdrawn when it was not used', () => {
  const path = join(temporaryDirectory(), 'gateway-restart-intent.json');
  const withdraw = writeRestartIntent(join(path, '..'), 7, 1_764_158_587_000);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    ...{
      kind: 'gateway-restart',
      pid: 7,
      createdAt: 1_764_158_587_000,
      reason: 'openclaw-releases',
      force: true,
    },
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  withdraw();
  expect(existsSync(path)).toBe(false);
  withdraw();
});

test("somebody else's intent stays", () => {
  const path = join(temporaryDirectory(), 'gateway-restart-intent.json');
  const withdraw = writeRestartIntent(join(path, '..'), 7);
  writeFileSync(path, 'another');
  withdraw();
  expect(readFileSync(path, 'utf8')).toBe('another');
});
