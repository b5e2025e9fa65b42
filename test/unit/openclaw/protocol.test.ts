import { expect, test } from 'vitest';
import { acceptsAsMuch, admission, protocolAt, readProtocol } from '../../../src/openclaw/protocol.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const OF_2026_6 = `//#region packages/gateway-protocol/src/version.ts
/** Current gateway protocol version emitted by modern clients and servers. */
const PROTOCOL_VERSION = 4;
/** Lowest client protocol version accepted by the gateway. */
const MIN_CLIENT_PROTOCOL_VERSION = 4;
const MIN_PROBE_PROTOCOL_VERSION = 4;
export { MIN_PROBE_PROTOCOL_VERSION as n, PROTOCOL_VERSION as r, MIN_CLIENT_PROTOCOL_VERSION as t };
`;
const OF_2026_9 = `${OF_2026_6}const MIN_NODE_PROTOCOL_VERSION = 3;\n`;

test.each([
  ['version-C5Vv59Zq.js', 'const PROTOCOL_VERSION = 3;\n', { current: 3, client: 3, node: 3 }],
  ['version-D5ISQOpk.js', OF_2026_6, { current: 4, client: 4, node: 4 }],
  ['version-CwNT1gaY.mjs', OF_2026_9, { current: 4, client: 4, node: 3 }],
  ['version-other.mjs', 'var PROTOCOL_VERSION = 97;\n', { current: 97, client: 97, node: 97 }],
  ['version-BkM1aB4w.mjs', 'const VERSION = "2026.9.6";\n', null],
  ['version-half.mjs', 'const MIN_CLIENT_PROTOCOL_VERSION = 4;\n', null],
  ['worker.mjs', OF_2026_9, null],
  ['version-large.mjs', `${OF_2026_9}${' '.repeat(2 ** 17)}`, null],
])('%s of a package tells its protocol, or nothing', (name, text, expected) => {
  const directory = writeTree(temporaryDirectory(), {
    'dist/version-AAAA.mjs': 'export const commit = 1;\n',
    [`dist/${name}`]: text,
  });
  expect(readProtocol(directory)).toEqual(expected);
});

test('a package without a program tells no protocol', () => {
  expect(readProtocol(temporaryDirectory())).toBeNull();
});

test.each([
  ['2026.5.3-1', [], 3],
  ['2026.5.7', [], 3],
  ['2026.5.7-1', [], null],
  ['2026.5.12', [], 4],
  ['2026.6.5', [], null],
  ['2026.6.5', [{ version: '2026.9.6', current: 4 }], 4],
  ['2026.9.6', [{ version: '2026.9.6', current: 4 }], 4],
  ['2026.10.1', [{ version: '2026.9.6', current: 4 }], null],
  [
    '2026.10.1',
    [
      { version: '2026.9.6', current: 4 },
      { version: '2026.12.1', current: 5 },
    ],
    null,
  ],
  ['2026.1.1', [], null],
  ['1.2.3', [], null],
  ['dev', [], null],
  [null, [], null],
  ['2026.9.6', [{ version: 'not a version', current: 9 }], null],
])('%s between the known versions %j speaks %j', (version, known, protocol) => {
  expect(protocolAt(version, known)).toBe(protocol);
});

const V3 = { current: 3, client: 3, node: 3 };
const V4 = { current: 4, client: 4, node: 4 };
const V4_WITH_OLD_NODES = { current: 4, client: 4, node: 3 };

test.each([
  [3, 'node', V4, 'refused'],
  [3, 'node', V4_WITH_OLD_NODES, 'limited'],
  [2, 'node', V4_WITH_OLD_NODES, 'refused'],
  [3, 'client', V4_WITH_OLD_NODES, 'refused'],
  [4, 'client', V4_WITH_OLD_NODES, 'accepted'],
  [4, 'node', V4, 'accepted'],
  [4, 'client', V3, 'unknown'],
  [null, 'node', V4, 'unknown'],
] as const)('protocol %j of a %s against %j is %s', (speaks, role, to, answer) => {
  expect(admission(speaks, role, to)).toBe(answer);
});

test.each([
  [V4, V4, true],
  [V4_WITH_OLD_NODES, V4, true],
  [V4, V4_WITH_OLD_NODES, false],
  [V4, V3, false],
  [V3, V4, false],
])('%j accepts all that %j accepts: %j', (to, from, same) => {
  expect(acceptsAsMuch(to, from)).toBe(same);
});
