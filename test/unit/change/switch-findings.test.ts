import { describe, expect, test } from 'vitest';
import { type SwitchFacts, switchFindings } from '../../../src/change/switch-findings.js';
import type { Peer } from '../../../src/openclaw/peers.js';

const V4 = { current: 4, client: 4, node: 4 };
const V4_WITH_OLD_NODES = { current: 4, client: 4, node: 3 };

const PI: Peer = { role: 'node', name: 'kitchen pi', version: '2026.5.7' };

/** Differences from a switch to 2026.9.6 about which nothing is known, and nothing unknown is worth a word. */
const findings = (differences: Partial<SwitchFacts>) =>
  switchFindings({
    policy: { hold: null, failure: null, pinned: null },
    ...{ to: '2026.9.6', isHere: true, known: [], peers: [], plugins: { companions: [], excluded: [] } },
    ...{ protocols: { from: null, to: V4 }, engines: null, node: null, rollback: null, expected: null },
    ...differences,
  })
    .filter(({ code }) => code !== 'outage_unknown' || 'expected' in differences)
    .map(({ code, about, weight, sentence }) => [code, about, weight, sentence]);

const clients = (
  peers: Peer[] | null,
  to: SwitchFacts['protocols']['to'],
  known: SwitchFacts['known'] = [],
) => findings({ peers, protocols: { from: null, to }, known }).map(([code]) => code);

test('what an update without a version heeds is a warning before a named one', () => {
  const policy = {
    hold: { until: null, why: 'exams', at: '2026-09-20T10:00:00.000Z' },
    failure: { message: 'It lost a channel.', until: new Date('2026-09-27T10:00:00Z') },
    pinned: '2026.6.1',
  };
  expect(findings({ policy })).toEqual([
    ['updates_held', 'policy', 'warning', 'Updates are held until somebody types unhold (exams).'],
    [
      ...['release_quarantined', 'policy', 'warning'],
      '2026.9.6 failed here, and is in quarantine until 2026-09-27 10:00 UTC: It lost a channel.',
    ],
    ['release_pinned', 'policy', 'warning', '2026.6.1 is pinned.'],
  ]);
});

describe('clients', () => {
  test('a node that the target refuses is a warning with its name, version and protocol', () => {
    expect(findings({ to: '2026.6.1', peers: [PI] })).toEqual([
      [
        ...['peer_refused', 'clients', 'warning'],
        'The node kitchen pi (2026.5.7) speaks protocol 3, which 2026.6.1 refuses: update it first, or it stays away.',
      ],
    ]);
  });

  test.each<[string, Peer[] | null, SwitchFacts['protocols']['to'], string[]]>([
    [
      'a node of before, where the target still accepts such nodes',
      [PI],
      V4_WITH_OLD_NODES,
      ['peer_limited'],
    ],
    ['a client of before', [{ ...PI, role: 'client' }], V4_WITH_OLD_NODES, ['peer_refused']],
    ['two nodes, and one of them of today', [PI, { ...PI, version: '2026.5.12' }], V4, ['peer_refused']],
    ['a node that does not tell its version', [{ ...PI, version: null }], V4, ['peer_unknown']],
    ['a node with versions of its own', [{ ...PI, version: '1.4' }], V4, ['peer_unknown']],
    ['nobody there', [], V4, []],
    ['nobody there, and a target that is not staged', [], null, []],
    ['no gateway that tells', null, V4, ['peers_unknown']],
    ['a target that is not staged', [PI], null, ['protocol_unknown']],
  ])('%s', (_story, peers, to, codes) => {
    expect(clients(peers, to)).toEqual(codes);
  });

  test.each([
    [true, '2026.9.6 does not tell its protocol, so it is not known if it accepts every client.'],
    [false, 'The protocol of 2026.9.6 is not known before it is staged: openclaw-releases stage 2026.9.6'],
  ])('a target of an unknown protocol (staged: %j) says what would tell it', (isHere, sentence) => {
    const found = findings({ peers: [PI], protocols: { from: null, to: null }, isHere });
    expect(found).toEqual([['protocol_unknown', 'clients', 'information', sentence]]);
  });

  test('a version between two releases here has their protocol', () => {
    const node = { ...PI, version: '2026.8.1' };
    expect(clients([node], V4)).toEqual(['peer_unknown']);
    expect(clients([node], V4, [{ version: '2026.9.6', current: 4 }])).toEqual([]);
    const five = { current: 5, client: 5, node: 5 };
    expect(clients([node], five, [{ version: '2026.9.6', current: 4 }])).toEqual(['peer_refused']);
  });
});

test('plugins: what is published is left out, what is missing waits, what is unknown is said', () => {
  const companion = (name: string, isPublished: boolean | null) => ({
    ...{ package: `@openclaw/${name}`, version: '2026.9.5', isPublished },
  });
  const plugins = {
    companions: [companion('matrix', true), companion('line', false), companion('zalo', null)],
    excluded: [{ plugin: 'chat', why: 'It needs OpenClaw 2026.9.7 or newer.' }],
  };
  expect(findings({ plugins })).toEqual([
    [
      ...['plugin_unpublished', 'plugins', 'wait'],
      '@openclaw/line is not published for 2026.9.6 yet; 2026.9.5 is installed.',
    ],
    [
      ...['plugin_unknown', 'plugins', 'information'],
      'It is not known if @openclaw/zalo is published for 2026.9.6; 2026.9.5 is installed.',
    ],
    [
      ...['plugin_excluded', 'plugins', 'warning'],
      'The plugin chat does not fit 2026.9.6: It needs OpenClaw 2026.9.7 or newer.',
    ],
  ]);
  expect(findings({ plugins: null }).map(([code]) => code)).toEqual(['plugin_unknown']);
});

test.each<[string, Partial<SwitchFacts>, unknown[]]>([
  [
    'a Node from the registry',
    { engines: '>=24.16', node: { kind: 'registry', version: '24.21.0', package: 'node', integrity: '' } },
    [
      ...['node_chosen', 'Node', 'information'],
      'The release needs Node >=24.16; 24.21.0 comes from the registry.',
    ],
  ],
  [
    'a Node that is here, for a release that declares none',
    { node: { kind: 'root', version: '24.21.0' } },
    ['node_chosen', 'Node', 'information', 'The release declares no Node; 24.21.0 is here.'],
  ],
  [
    'no Node',
    { engines: '>=99', node: { error: { message: 'No Node fits.' } } },
    ['node_missing', 'Node', 'warning', 'The release needs Node >=99: No Node fits.'],
  ],
  [
    'a migration',
    { rollback: { needsState: true, why: 'state 17 become state 18' } },
    [
      ...['state_migrates', 'state', 'information'],
      "The databases are migrated, which cannot be undone: state 17 become state 18. Rolling back restores the snapshot of today's state.",
    ],
  ],
  [
    'no migration',
    { rollback: { needsState: false, why: 'both have state 18' } },
    [
      ...['state_kept', 'state', 'information'],
      'Rolling back does not need the snapshot of the state: both have state 18.',
    ],
  ],
  [
    'versions that nobody declares',
    { rollback: { needsState: null, why: 'one of the two does not declare them' } },
    [
      ...['state_unknown', 'state', 'information'],
      'Rolling back may need the snapshot of the state: one of the two does not declare them.',
    ],
  ],
  [
    'updates that were measured',
    { expected: { ms: 90_000, outageMs: 9_000, updates: 3 } },
    [
      ...['outage_expected', 'outage', 'information'],
      'The update takes about 1 min 30 s, and the gateway is away for 9 s of it: the median of 3 updates here.',
    ],
  ],
  [
    'no update before',
    { expected: null },
    [
      ...['outage_unknown', 'outage', 'information'],
      'How long the gateway will be away is not known, as no update was made here yet.',
    ],
  ],
])('%s', (_story, differences, expected) => {
  expect(findings(differences)).toEqual([expected]);
});
