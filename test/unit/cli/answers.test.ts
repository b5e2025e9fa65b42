import { expect, test } from 'vitest';
import { commandTree, leaves } from '../../../build/documents/tree.js';
import { METHODS } from '../../../src/rpc/methods.js';
import {
  answered,
  answerFaults,
  answerIn,
  answerName,
  definitions,
  methodFaults,
} from '../../support/answer-schema.js';

test('each command with --json and each method has a published schema, and there is no other', async () => {
  const withJson = leaves(await commandTree()).filter(({ options }) =>
    options.some(({ long }) => long === '--json'),
  );
  expect(withJson.map(({ path }) => path.join('-')).sort()).toEqual(answered.toSorted());
  const methods = Object.keys(definitions).filter((name) => name.includes('.'));
  expect(methods.sort()).toEqual(Object.keys(METHODS).sort());
});

test.each([
  [['timer', 'status'], 'timer-status'],
  [['upgrade', '2026.9.6'], 'update'],
  [['--json', 'pin', 'current'], 'pin'],
  [['lockfile', 'import', '-'], 'lockfile-import'],
  [['nonsense'], null],
])('the answer of %j is %s', (words, name) => {
  expect(answerName(words)).toBe(name);
});

const UNHELD = { schema: 1, ok: true, hold: null };
const FAILURE = { schema: 1, ok: false, error: { code: 'usage', message: 'Wrong.' } };

test.each([
  ['its document', ['unhold'], UNHELD, []],
  ['a failure', ['unhold'], FAILURE, []],
  ['a failure without a command', ['nonsense'], FAILURE, []],
  ['a document without a command', ['nonsense'], UNHELD, ['Failure/error is missing']],
  ['a key that no schema names', ['unhold'], { ...UNHELD, other: 1 }, ['unhold/other is not in the schema']],
  ['a missing key', ['restart-now'], { schema: 1, ok: true }, ['restart-now/change is missing']],
  ['a value of another type', ['pin'], { ...UNHELD, release: '1', pins: '1' }, ['pin/pins is no array']],
  [
    'a nested value',
    ['doctor'],
    { schema: 1, ok: true, findings: [{}], gateways: [] },
    ['doctor/findings/0'],
  ],
  ['another schema', ['unhold'], { ...UNHELD, schema: 2 }, ['schema or ok is missing']],
  ['no ok', ['unhold'], { schema: 1, hold: null }, ['schema or ok is missing']],
])('an answer is compared with the schema of its command: %s', (_, words, document, faults) => {
  const found = answerFaults(words, document);
  expect(found).toHaveLength(faults.length === 0 ? 0 : found.length);
  for (const fault of faults) expect(found.join('\n')).toContain(fault);
});

test('what is not JSON is no answer, and a document that does not fit fails the test that asked', () => {
  expect(answerIn(['unhold'], '')).toBe(null);
  expect(() => answerIn(['unhold'], '{"schema":1,"ok":true}')).toThrow('unhold/hold is missing');
});

test.each([
  ['its document', { ok: true, hold: null }, []],
  ['no ok', { hold: null }, ['ok is missing']],
  ['a failure', FAILURE, ['releases.unhold/hold is missing']],
  ['a key that no schema names', { ok: true, hold: null, other: 1 }, ['other is not in the schema']],
])('an answer is compared with the schema of its method: %s', (_, payload, faults) => {
  const found = methodFaults('releases.unhold', payload).join('\n');
  if (faults.length === 0) expect(found).toBe('');
  for (const fault of faults) expect(found).toContain(fault);
});
