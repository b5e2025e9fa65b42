import { expect, test } from 'vitest';
import { readSettings } from '../../../src/host/systemd/unit-file.js';
import { missingPolicy } from '../../../src/openclaw/service-policy.js';

const OLD = ['TimeoutStopSec=30', 'KillMode=control-group'];

const missing = (lines: string[], version: string) =>
  missingPolicy(readSettings([['[Service]', ...lines].join('\n')], {}), version).map(
    ({ key, value }) => `${key}=${value}`,
  );

test.each([
  ['2026.5.28', []],
  ['2026.7.1-2', ['OOMPolicy=continue']],
  ['2026.8.1-beta.1', ['OOMPolicy=continue']],
  ['2026.8.1', ['OOMPolicy=continue', 'TimeoutStopSec=330']],
  ['2026.9.2', ['OOMPolicy=continue', 'TimeoutStopSec=330']],
  ['2026.9.6', ['OOMPolicy=continue', 'TimeoutStopSec=330', 'KillMode=mixed']],
])('%s asks a unit that 2026.5.28 wrote for %j', (version, asked) => {
  expect(missing(OLD, version)).toEqual(asked);
});

test.each([
  ['a unit without any policy', [], ['OOMPolicy=continue', 'TimeoutStopSec=330', 'KillMode=mixed']],
  ['the unit that it writes', ['OOMPolicy=continue', 'TimeoutStopSec=330', 'KillMode=mixed'], []],
  ['a choice about memory', ['OOMPolicy=stop', 'TimeoutStopSec=330', 'KillMode=mixed'], []],
  ['a longer time', ['OOMPolicy=stop', 'TimeoutStopSec=10min', 'KillMode=mixed'], []],
  ['a time for start and stop', ['OOMPolicy=stop', 'TimeoutSec=6min', 'KillMode=mixed'], []],
  ['no limit', ['OOMPolicy=stop', 'TimeoutStopSec=infinity', 'KillMode=mixed'], []],
  ['no limit, as a number', ['OOMPolicy=stop', 'TimeoutStopSec=0', 'KillMode=mixed'], []],
  [
    'minutes and seconds',
    ['OOMPolicy=stop', 'TimeoutStopSec=5min 29s', 'KillMode=mixed'],
    ['TimeoutStopSec=330'],
  ],
])('2026.9.6 keeps %s', (_, lines, asked) => {
  expect(missing(lines, '2026.9.6')).toEqual(asked);
});
