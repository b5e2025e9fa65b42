import { describe, expect, test } from 'vitest';
import { examine } from '../../../src/adopt/doctor.js';
import type { HostFacts, UnitFacts } from '../../../src/adopt/facts.js';

const ROOT = '/home/claw/.local/share/openclaw-releases';
const DROP_IN = '/home/claw/.config/systemd/user/openclaw-gateway.service.d/zz-openclaw-releases.conf';

const REFUSAL = { code: 'command_unknown', message: 'It hides OpenClaw.', hint: 'Show it.' } as const;

const unit: UnitFacts = {
  name: 'openclaw-gateway.service',
  scope: 'user',
  needsReload: false,
  masked: false,
  broken: false,
  settings: [],
  missing: [],
  description: 'OpenClaw Gateway (openclaw-releases)',
  starts: `${ROOT}/bin/gateway`,
  later: [],
  drift: [],
};

const well: HostFacts = {
  root: ROOT,
  adoption: {
    schema: 1,
    scope: 'user',
    unit: 'openclaw-gateway.service',
    dropIn: DROP_IN,
    recoverUnit: 'openclaw-releases-recover.service',
    rescueUnit: 'openclaw-releases-rescue.service',
    at: '2026-06-01T00:00:00.000Z',
    files: [],
    directories: [],
  },
  unit,
  onPath: { path: `${ROOT}/bin/openclaw`, version: null, ours: true },
  installs: [{ packageRoot: '/usr/lib/node_modules/openclaw', version: '2026.5.28' }],
  lingering: true,
  running: '2026.6.1',
  current: '2026.6.1',
  trial: null,
  activeChange: false,
  unmet: null,
  corrupt: [],
  sharing: [],
};

const codes = (over: Partial<HostFacts>) => examine({ ...well, ...over }).map(({ code }) => code);

describe('doctor', () => {
  test('reports nothing about a healthy host, and nothing about a host that was never adopted', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ adoption: null, unit: null, lingering: null, onPath: null })).toEqual([]);
  });

  test.each<[string, Partial<HostFacts>, string[]]>([
    [
      'another gateway has the same state',
      { sharing: [{ pid: 7, place: null, text: 'Process 7' }] },
      ['state_shared'],
    ],
    ['the unit is gone', { unit: null }, ['unit_missing']],
    ['the unit is broken', { unit: { ...unit, broken: true } }, ['unit_broken']],
    ['the unit is masked', { unit: { ...unit, masked: true } }, ['unit_masked']],
    [
      'the drop-in is gone and systemd does not know yet',
      { unit: { ...unit, drift: [{ path: DROP_IN, state: 'missing' }], needsReload: true } },
      ['drop_in_missing', 'daemon_reload_needed'],
    ],
    [
      'the unit was regenerated with other arguments',
      { unit: { ...unit, drift: [{ path: DROP_IN, state: 'changed' }] } },
      ['drop_in_changed'],
    ],
    [
      'the unit starts something else',
      { unit: { ...unit, starts: '/usr/bin/node' } },
      ['starts_another_program'],
    ],
    ['the unit starts no gateway at all', { unit: { ...unit, drift: REFUSAL } }, ['unit_changed']],
    [
      'another drop-in applies after ours',
      { unit: { ...unit, later: ['/x/zzz.conf'] } },
      ['drop_in_not_last'],
    ],
    [
      'recovery does not run at boot',
      {
        unit: {
          ...unit,
          drift: [{ path: '/x/default.target.wants/openclaw-releases-recover.service', state: 'missing' }],
        },
      },
      ['recover_not_enabled'],
    ],
    [
      'the rescue is gone',
      { unit: { ...unit, drift: [{ path: `${ROOT}/bin/rescue`, state: 'missing' }] } },
      ['companion_drifted'],
    ],
    ['the user does not linger', { lingering: false }, ['lingering_off']],
    [
      'another openclaw comes first',
      { onPath: { path: '/usr/bin/openclaw', version: '2026.5.28', ours: false } },
      ['another_openclaw_on_path'],
    ],
    [
      'there are two installs',
      {
        installs: [
          ...well.installs,
          { packageRoot: '/usr/local/lib/node_modules/openclaw', version: '2026.6.1' },
        ],
      },
      ['several_installs'],
    ],
    ['another version runs', { running: '2026.5.28' }, ['versions_disagree']],
    [
      'the description names a version',
      { unit: { ...unit, description: 'OpenClaw Gateway (v2026.5.3-1)' } },
      ['unit_names_a_version'],
    ],
    ['a trial was left behind', { trial: '2026.6.1' }, ['trial_pending']],
  ])('reports that %s', (_title, over, expected) => {
    expect(codes(over)).toEqual(expected);
  });

  test('waits for an active change', () => {
    expect(codes({ trial: '2026.6.1', activeChange: true })).toEqual([]);
  });

  test('reports a version in the description, which will be outdated', () => {
    const [finding] = examine({ ...well, unit: { ...unit, description: 'OpenClaw Gateway (v2026.7.1-2)' } });
    expect(finding?.sentence).toContain('2026.7.1-2,');
  });

  test('ends every sentence, and gives a command for each finding', () => {
    const worst = examine({
      ...well,
      running: '2026.5.28',
      trial: '',
      onPath: { path: '/usr/bin/openclaw', version: null, ours: false },
      unit: { ...unit, masked: true, needsReload: true, later: ['/x'], starts: '', drift: REFUSAL },
    });
    for (const { sentence, command } of worst) {
      expect(sentence).toMatch(/^[A-Z/].*\.$|^systemd .*\.$|^openclaw-gateway.*\.$/);
      expect(command).not.toBe('');
    }
  });
});
