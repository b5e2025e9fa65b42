import { expect, test } from 'vitest';
import { readSettings } from '../../../src/host/systemd/unit-file.js';
import { missingPolicy } from '../../../src/openclaw/service-policy.js';

const OLD = ['TimeoutStartSec=30', 'TimeoutStopSec=30', 'KillMode=control-group'];
const START = ['StartLimitBurst=5', 'StartLimitIntervalSec=60'];
const NEW = ['OOMPolicy=continue', 'TimeoutStopSec=330', 'KillMode=mixed'];
const NEW_START = ['StartLimitBurst=10', 'StartLimitIntervalSec=300'];

const missing = (lines: string[], version: string, start: string[] = START) =>
  missingPolicy(readSettings([['[Unit]', ...start, '[Service]', ...lines].join('\n')], {}), version).map(
    ({ key, value }) => `${key}=${value}`,
  );

test.each([
  ['2026.5.28', []],
  ['2026.7.1-2', ['OOMPolicy=continue']],
  ['2026.8.1-beta.1', ['OOMPolicy=continue']],
  ['2026.8.1', ['OOMPolicy=continue', 'TimeoutStopSec=330']],
  ['2026.9.2', ['OOMPolicy=continue', 'TimeoutStopSec=330']],
  ['2026.9.4', NEW],
  ['2026.9.5', [...NEW, ...NEW_START]],
])('%s asks a unit that 2026.5.28 wrote for %j', (version, asked) => {
  expect(missing(OLD, version)).toEqual(asked);
});

test.each([
  ['a unit without any policy', [], NEW],
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
  expect(missing(lines, '2026.9.6', NEW_START)).toEqual(asked);
});

test.each([
  ['the one of older units', START, NEW_START],
  ['the one of older units, in minutes', ['StartLimitBurst=5', 'StartLimitIntervalSec=1min'], NEW_START],
  ['none', [], NEW_START],
  ['more starts', ['StartLimitBurst=20', 'StartLimitIntervalSec=60'], []],
  ['a longer interval alone', ['StartLimitIntervalSec=1h'], []],
  ['no limit', ['StartLimitIntervalSec=0'], []],
  ['no limit, by the older name', ['StartLimitInterval=0'], []],
])('2026.9.6 on a unit with this start limit: %s', (_, start, asked) => {
  expect(missing(NEW, '2026.9.6', start)).toEqual(asked);
});

test.each([
  ['a service that has started once it runs', ['TimeoutStartSec=30'], []],
  ['a service that says when it is ready', ['Type=notify', 'TimeoutStartSec=30'], ['TimeoutStartSec=1h']],
  ['a service that says so after a reload, too', ['Type=notify-reload'], ['TimeoutStartSec=1h']],
  ['a service with a program that waits for it', ['ExecStartPost=/bin/wait'], ['TimeoutStartSec=1h']],
  ['a time for start and stop', ['Type=notify', 'TimeoutSec=6min'], ['TimeoutStartSec=1h']],
  ['a longer time', ['Type=notify', 'TimeoutStartSec=2h'], []],
  ['no limit', ['Type=notify', 'TimeoutStartSec=infinity'], []],
])('a launcher gets time to restore a state in %s', (_, lines, asked) => {
  expect(missing(lines, '2026.5.28')).toEqual(asked);
});
