import { expect, test } from 'vitest';
import { prometheusText } from '../../../src/views/prometheus.js';
import type { Overview } from '../../../src/views/status.js';

const OVERVIEW = {
  root: '/srv/"a\\b"\n',
  current: '2026.9.6',
  previous: null,
  trial: null,
  gateway: { pid: 7, state: 'active', restarts: 3, release: '2026.9.6', health: { ready: true } },
  running: null,
  interrupted: ['one'],
  last: {
    kind: 'update',
    status: 'rolled_back',
    to: '2026.9.7',
    error: { code: 'x' },
    endedAt: '2026-11-26T01:00:00.500Z',
    downtimeMs: 1500,
  },
  auto: {
    enabled: true,
    hold: null,
    last: { at: '2026-11-26T02:00:00Z', verdict: 'wait', rule: 'gateway' },
    available: null,
  },
  corrupt: [],
  faults: [],
} as unknown as Overview;

/** Grammar of the text format 0.0.4. */
const LINE =
  /^(# HELP [a-z_]+ [^\n]+|# TYPE [a-z_]+ (gauge|counter)|[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)*\})? -?\d+(\.\d+)?)$/;

test('every line is of the text format, and each sample follows its help and type', () => {
  const text = prometheusText(OVERVIEW);
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(LINE);
  for (let at = 0; at < lines.length; at += 3) {
    const [, , name] = (lines[at] ?? '').split(' ');
    expect(lines[at + 1]).toContain(`# TYPE ${name} `);
    expect(lines[at + 2]?.split(/[ {]/)[0]).toBe(name);
    expect(name?.endsWith('_total')).toBe(lines[at + 1]?.endsWith(' counter'));
  }
});

test('samples say what status says, and what is not known has none', () => {
  const text = prometheusText(OVERVIEW);
  expect(text).toContain('openclaw_releases_info{root="/srv/\\"a\\\\b\\"\\n",current="2026.9.6"} 1\n');
  expect(text).toContain('openclaw_releases_gateway_restarts_total 3\n');
  expect(text).toContain('openclaw_releases_changes_interrupted 1\n');
  expect(text).toContain(
    'openclaw_releases_last_change_success{kind="update",status="rolled_back",release="2026.9.7"} 0\n',
  );
  expect(text).toContain('openclaw_releases_last_change_timestamp_seconds 1795654800.5\n');
  expect(text).toContain('openclaw_releases_last_change_outage_seconds 1.5\n');
  const nothing = prometheusText({ ...OVERVIEW, gateway: null, last: null });
  expect(nothing).toContain('openclaw_releases_gateway_up 0\n');
  expect(nothing).not.toMatch(/restarts_total|last_change/);
});
