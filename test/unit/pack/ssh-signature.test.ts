import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSigners } from '../../../src/pack/signers.js';
import { NAMESPACES, sign, verifySignature } from '../../../src/pack/ssh-signature.js';
import { makeKey } from '../../support/pack.js';

/** Made once by `ssh-keygen -Y sign`, of this text. */
const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/signatures/${name}`, import.meta.url), 'utf8');
const MESSAGE = Buffer.from('a pack\n');
const { pack: PACK } = NAMESPACES;

test.each(['ed25519', 'ecdsa', 'rsa'])('a signature of ssh-keygen by a key of %s is verified', (kind) => {
  const key = verifySignature(fixture(`${kind}.sig`), MESSAGE, PACK);
  expect(key.toString('base64')).toBe(fixture(`id_${kind}.pub`).split(' ')[1]);
});

const refused = expect.objectContaining({ code: 'signature_untrusted' });

test('a signature of other bytes, or for something else, is refused', () => {
  for (const kind of ['ed25519', 'ecdsa', 'rsa'])
    expect(() => verifySignature(fixture(`${kind}.sig`), Buffer.from('a pack'), PACK)).toThrow(refused);
  expect(() => verifySignature(fixture('other-namespace.sig'), MESSAGE, PACK)).toThrow(refused);
  expect(() => verifySignature(fixture('ed25519.sig'), MESSAGE, NAMESPACES.yanked)).toThrow(refused);
});

test('a signature with any one flipped bit, or that ends early, is refused', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('ed25519', 'ecdsa', 'rsa'),
      fc.nat(),
      fc.nat(7),
      fc.boolean(),
      (kind, place, bit, cut) => {
        const bytes = Buffer.from(fixture(`${kind}.sig`));
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const text = cut ? fixture(`${kind}.sig`).slice(0, at) : bytes.toString('latin1');
        expect(() => verifySignature(text, MESSAGE, PACK)).toThrow(refused);
      },
    ),
    { numRuns: 500 },
  );
});

test('a key that ssh-keygen cannot use signs nothing', async () => {
  await expect(sign('text', '/nonexistent/key', PACK)).rejects.toMatchObject({ code: 'signing_failed' });
});

const KEY = makeKey().line;

test('allowed signers have names, validity and namespaces as ssh-keygen describes them', () => {
  const text = [
    '# ours',
    '',
    `alice@example.org,bob ${KEY} a comment`,
    `"the fleet" namespaces="git,openclaw-releases-*",valid-after="20260101Z",valid-before="202701011230Z" ${KEY}`,
  ].join('\n');
  expect(parseSigners(text)).toMatchObject([
    { principals: 'alice@example.org,bob', namespaces: null, validAfter: null, validBefore: null },
    {
      principals: 'the fleet',
      namespaces: ['git', 'openclaw-releases-*'],
      validAfter: Date.UTC(2026, 0, 1),
      validBefore: Date.UTC(2027, 0, 1, 12, 30),
    },
  ]);
});

test.each([
  ['without a key', 'alice'],
  ['of a certificate authority', `alice cert-authority ${KEY}`],
  ['with an unknown condition', `alice verify-required ${KEY}`],
  ['with a time that is none', `alice valid-before="20261301Z" ${KEY}`],
  ['with a key of another kind', `alice ${KEY.replace('ssh-ed25519', 'ssh-rsa')}`],
  ['with a key that is none', 'alice ssh-ed25519 AAAA'],
])('a line %s is refused, so that no condition is passed over', (_, line) => {
  const invalid = expect.objectContaining({
    code: 'signers_invalid',
    message: expect.stringContaining('Line 2'),
  });
  expect(() => parseSigners(`# keys\n${line}\n`)).toThrow(invalid);
});
