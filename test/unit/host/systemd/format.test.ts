import { describe, expect, test } from 'vitest';
import {
  gatewayArguments,
  parseArgv,
  parseEnvironment,
  parseProperties,
  parseSpan,
} from '../../../../src/host/systemd/format.js';
import { stopLimitOf } from '../../../../src/supervisor/systemd/restart.js';

describe('a span of time that systemd shows', () => {
  test.each([
    ['0', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['1min 30s', 90_000],
    ['5min 30s', 330_000],
    ['1h 2.500s', 3_602_500],
    ['1month 1w', 3_234_600_000],
    ['infinity', Number.POSITIVE_INFINITY],
    ['', Number.POSITIVE_INFINITY],
    ['3 fortnights', Number.POSITIVE_INFINITY],
    ['3fortnights', Number.POSITIVE_INFINITY],
  ])('%j is %d ms', (text, expected) => {
    expect(parseSpan(text)).toBe(expected);
  });
});

describe('the stop limit', () => {
  test.each([
    [330_000, 60_000],
    [Number.POSITIVE_INFINITY, 60_000],
    [90_000, 60_000],
    [30_000, 25_000],
    [10_000, 5_000],
    [4_000, 2_000],
    [0, 0],
  ])('of a unit that has %d ms is %d ms', (unit, expected) => {
    expect(stopLimitOf({ stopLimitMs: unit })).toBe(expected);
  });
});

describe('the arguments of a gateway', () => {
  test.each([
    ['--port 1', '--port 1'],
    ['-q /r/bin/gateway --port 1', '--port 1'],
    ['A=b /r/bin/gateway --node-options -r /x.js -- --port 1', '--port 1'],
    ['-c . /env; exec /r/bin/gateway --port 1 2>&1 >>/log', '--port 1'],
  ])('of %j are %j', (words, expected) => {
    expect(gatewayArguments(words.split(' ')).join(' ')).toBe(expected);
  });
});

describe('what systemctl show prints', () => {
  test('is read by lines, even with lines in the values', () => {
    const text = 'MainPID=7\nEnvironment=A=b "C=d=e"\nJob=\nno property\n';
    expect([...parseProperties(text)]).toEqual([
      ['MainPID', '7'],
      ['Environment', 'A=b "C=d=e"'],
      ['Job', ''],
    ]);
  });

  test('returns quoted variables as they are', () => {
    const text = 'A=b "C=d e" "Q=it\'s \\"q\\"" "D=\\$x\\\\y" EMPTY= =none word';
    expect(parseEnvironment(text)).toEqual({ A: 'b', C: 'd e', Q: 'it\'s "q"', D: '$x\\y', EMPTY: '' });
    expect(parseEnvironment('')).toEqual({});
  });

  test('returns the words of a command', () => {
    const shown =
      '{ path=/x/bin/gateway ; argv[]=/x/bin/gateway --port 12 ; ignore_errors=no ; start_time=[n/a] ; pid=0 }';
    expect(parseArgv(shown)).toBe('/x/bin/gateway --port 12');
    expect(parseArgv('')).toBeNull();
  });
});
