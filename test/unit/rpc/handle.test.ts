import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReleasesError } from '../../../src/core/errors.js';
import { handle } from '../../../src/rpc/handle.js';
import { METHODS, type Method } from '../../../src/rpc/methods.js';
import { rootAt } from '../../../src/store/root.js';
import { nobody } from '../../support/nobody.js';
import { temporaryDirectory } from '../../support/place.js';

/** World without a supervisor: no change can begin, so answers depend on the words alone. */
function ask(method: string, params: unknown, scopes: string[] | null = null) {
  const root = rootAt(`${temporaryDirectory('rpc')}/root`);
  return handle({ root, supervisor: nobody }, method, params, { scopes });
}

const WRONG: [string, unknown, string][] = [
  ['update.run', [], 'params must be an object with the parameters of update.run, and [] came.'],
  ['update.run', 'latest', 'params must be an object with the parameters of update.run, and "latest" came.'],
  [
    'update.run',
    { skipDeferal: true },
    'A parameter of update.run must be one of target, tag, channel, note,',
  ],
  ['update.run', { target: '' }, 'target must be a string of 1 to 128 characters, and "" came.'],
  ['update.run', { target: 2026 }, 'target must be a string of 1 to 128 characters, and 2026 came.'],
  ['update.run', { target: null }, 'target must be a string of 1 to 128 characters, and null came.'],
  ['update.run', { target: '^2026.1.0' }, '"^2026.1.0" is a range, and could mean another release tomorrow.'],
  [
    'update.run',
    { target: 'file:/tmp/x.tgz' },
    'target must be a version or a dist-tag, and "file:/tmp/x.tgz" came.',
  ],
  ['update.run', { target: './x.tgz' }, 'target must be a version or a dist-tag, and "./x.tgz" came.'],
  ['update.run', { tag: '2026.6.1' }, 'tag must be a dist-tag such as latest, and "2026.6.1" came.'],
  [
    'update.run',
    { channel: 'nightly' },
    'channel must be stable, beta or extended-stable, and "nightly" came.',
  ],
  ['update.run', { channel: 'dev' }, 'channel must be stable, beta or extended-stable, and "dev" came.'],
  [
    'update.run',
    { channel: 'toString' },
    'channel must be stable, beta or extended-stable, and "toString" came.',
  ],
  [
    'update.run',
    { tag: 'latest', channel: 'beta' },
    'Only one of target, tag and channel may say what to update to, and tag and channel came.',
  ],
  ['update.run', { note: 1 }, 'note must be a string of at most 2000 characters, and 1 came.'],
  ['update.run', { note: 'x'.repeat(2001) }, 'note must be a string of at most 2000 characters, and "xxx'],
  [
    'update.run',
    { continuationMessage: {} },
    'continuationMessage must be a string of at most 10000 characters, and {} came.',
  ],
  [
    'update.run',
    { restartDelayMs: -1 },
    'restartDelayMs must be a whole number of milliseconds from 0 to 86400000, and -1 came.',
  ],
  [
    'update.run',
    { restartDelayMs: 1.5 },
    'restartDelayMs must be a whole number of milliseconds from 0 to 86400000, and 1.5 came.',
  ],
  [
    'update.run',
    { restartDelayMs: '5' },
    'restartDelayMs must be a whole number of milliseconds from 0 to 86400000, and "5" came.',
  ],
  [
    'update.run',
    { timeoutMs: 0 },
    'timeoutMs must be a whole number of milliseconds from 1 to 86400000, and 0 came.',
  ],
  ['update.run', { skipDeferral: 'yes' }, 'skipDeferral must be true or false, and "yes" came.'],
  [
    'update.run',
    { sessionKey: ['a'] },
    'sessionKey must be a string of at most 512 characters, and ["a"] came.',
  ],
  [
    'update.run',
    { threadId: true },
    'threadId must be a string of at most 512 characters or a number, and true came.',
  ],
  [
    'update.run',
    { deliveryContext: 'discord' },
    'deliveryContext must be an object with channel, to, accountId and threadId, and "discord" came.',
  ],
  [
    'update.run',
    { deliveryContext: { to: 5 } },
    'deliveryContext.to must be a string of at most 512 characters, and 5 came.',
  ],
  [
    'update.run',
    { deliveryContext: { guild: 'x' } },
    'A parameter of deliveryContext must be one of channel, to, accountId, threadId, and "guild" came.',
  ],
  [
    'update.run',
    { idempotencyKey: ' ' },
    'idempotencyKey must be a string of 1 to 256 characters, and " " came.',
  ],
  [
    'update.status',
    { change: 'a', requestId: 'b' },
    'Only one of change, requestId and idempotencyKey can be asked for.',
  ],
  [
    'update.status',
    { last: true },
    'A parameter of update.status must be one of change, requestId, idempotencyKey, and "last" came.',
  ],
  [
    'update.status',
    { change: '../policy' },
    'change must be an id as an answer has it, and "../policy" came.',
  ],
  ['releases.list', { all: true }, 'A parameter of releases.list must be left out, and "all" came.'],
  ['releases.switch', {}, 'release must say which release to switch to.'],
  ['releases.switch', { release: '../../etc' }, '"../../etc" is not'],
  ['releases.rollback', { yes: 1 }, 'yes must be true or false, and 1 came.'],
  ['releases.pin', {}, 'release must be the id of a release, and undefined came.'],
  [
    'releases.hold',
    { until: 'tomorrow' },
    'until must be a date and time to come, as 2026-12-24T18:00:00Z, or null for no end, and "tomorrow" came.',
  ],
  ['releases.hold', { until: '2001-01-01' }, 'until must be a date and time to come,'],
  ['releases.history', { limit: 0 }, 'limit must be a whole number of changes from 1 to 1000, and 0 came.'],
  ['releases.everything', {}, 'There is no method "releases.everything".'],
  ['constructor', {}, 'There is no method "constructor".'],
];

test.each(WRONG.map(([method, params, sentence]) => [method, sentence, params] as const))(
  '%s: %s',
  async (method, sentence, params) => {
    const error = await ask(method, params).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ReleasesError);
    const { message, outcome, hint } = error as ReleasesError;
    expect(message).toContain(sentence);
    expect(outcome).toBe('usage');
    if (sentence.includes('"dev"')) expect(hint).toContain('beta');
  },
);

test('a client that may only read is refused every change, and one without a scope everything', async () => {
  const found: Record<string, string> = {};
  for (const method of Object.keys(METHODS) as Method[]) {
    const error = await ask(method, { nothing: 1 }, ['operator.read']).catch((thrown) => thrown);
    found[method] = error.code;
    await expect(ask(method, {}, []), method).rejects.toMatchObject({ code: 'forbidden' });
    await expect(ask(method, { nothing: 1 }, ['operator.admin'])).rejects.toMatchObject({
      code: 'params_invalid',
    });
  }
  for (const [method, { scope }] of Object.entries(METHODS)) {
    expect(found[method], method).toBe(scope === 'operator.read' ? 'params_invalid' : 'forbidden');
  }
});

const NAMES = [
  ...['target', 'tag', 'channel', 'note', 'restartDelayMs', 'skipDeferral', 'timeoutMs', 'sessionKey'],
  ...['deliveryContext', 'threadId', 'continuationMessage', 'idempotencyKey', 'release', 'yes', 'keepState'],
  ...['change', 'requestId', 'until', 'why', 'limit', '__proto__', 'constructor'],
];

test('any JSON is either accepted or refused with an error code', async () => {
  const root = rootAt(`${temporaryDirectory('rpc')}/root`);
  const named = fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue(), { maxKeys: 4 });
  const params = fc.oneof(named, fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(METHODS)), params, async (method, value) => {
      await handle({ root, supervisor: nobody }, method, value).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ReleasesError);
        expect((error as ReleasesError).code).not.toBe('internal');
      });
    }),
    { numRuns: 500 },
  );
});
