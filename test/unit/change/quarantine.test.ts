import { expect, test } from 'vitest';
import { quarantineAfter } from '../../../src/change/quarantine.js';
import { ERROR_CODES, type ErrorCode, type ErrorRecord } from '../../../src/core/errors.js';
import { newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { readPolicy } from '../../../src/store/policy.js';
import { temporaryRoot } from '../../support/place.js';

const HELD_AGAINST_IT = [
  ...['lifecycle_failed', 'probe_failed', 'gateway_crashed', 'gateway_not_ready', 'gateway_worse'],
  'wrong_version',
];

const record = (code: ErrorCode): ErrorRecord => ({ code, message: `It was ${code}.` });

function failed(error: ErrorRecord, undoError: ErrorRecord | null = null) {
  const facts = { from: '2026.6.1', previous: null, to: '2026.7.1' };
  return { ...newChange(planChange('update', '2026.7.1'), facts), error, undoError };
}

test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
  '%s quarantines a release only if it is its fault',
  (code) => {
    const root = temporaryRoot();
    quarantineAfter(root, failed(record(code)));
    const { quarantine } = readPolicy(root);
    expect(Object.keys(quarantine)).toEqual(HELD_AGAINST_IT.includes(code) ? ['2026.7.1'] : []);
  },
);

test('a failed rollback quarantines the previous release too', () => {
  const root = temporaryRoot();
  quarantineAfter(root, failed(record('gateway_not_ready'), record('gateway_crashed')));
  expect(readPolicy(root).quarantine).toMatchObject({
    '2026.6.1': { cause: { code: 'gateway_crashed' } },
    '2026.7.1': { cause: { code: 'gateway_not_ready' }, points: 1 },
  });
});

test('a policy that cannot be written is a warning', () => {
  const root = temporaryRoot();
  const change = failed(record('gateway_crashed'));
  quarantineAfter({ ...root, policy: `${root.path}/gone/policy.json` }, change);
  expect(change.warnings).toEqual([expect.stringMatching(/^2026\.7\.1 could not be put into quarantine: /)]);
});
