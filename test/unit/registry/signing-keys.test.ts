import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkSignatures } from '../../../src/registry/signatures.js';
import { NPM_KEYS } from '../../../src/registry/signing-keys.js';

interface Published {
  keyId: string;
  keyUsage: string;
  publicKey: { rawBytes: string; validFor: { end?: string } };
}

test("the pinned keys are those that npm's own libraries carry for the public registry", () => {
  const seeds = JSON.parse(
    readFileSync(new URL('../../../node_modules/@sigstore/tuf/seeds.json', import.meta.url), 'utf8'),
  );
  const { 'registry.npmjs.org%2Fkeys.json': target } = seeds['https://tuf-repo-cdn.sigstore.dev'].targets;
  const { keys } = JSON.parse(Buffer.from(target, 'base64').toString()) as { keys: Published[] };
  const expected = keys
    .filter(({ keyUsage }) => keyUsage === 'npm:signatures')
    .map(({ keyId, publicKey: { rawBytes, validFor } }) => ({
      keyid: keyId,
      key: rawBytes,
      ...(validFor.end && { expires: validFor.end }),
    }));
  expect(NPM_KEYS).toEqual(expected);
});

/** Signatures of the public registry, one by each key. */
const SIGNED = [
  {
    ...{ name: '@anthropic-ai/claude-code', version: '2.1.98', keyid: NPM_KEYS[1]?.keyid ?? '' },
    _integrity:
      'sha512-qecREauMWXHplkpjqsuDuUv4ww+NprMl71k9sMuLkZU7qwjLMkTPxRBjuKvZWWMrAPvZWdGZE9LljUTfCQ1lWQ==',
    sig: 'MEQCIGvolW/eLJuocfuN94cinl0Vz9arMrshmIhulXk/9JEBAiAW18CskQ+uEkWf90x4Dc0TqDoRBQ7lmCAXhpXpqbEJDA==',
  },
  {
    ...{ name: 'venv', version: '0.1.0', keyid: NPM_KEYS[0]?.keyid ?? '' },
    _integrity:
      'sha512-RMdeiD0OJC+S2w4931iqdi5MB9xe2T/lXZbRrHxbsmQrSA+FwhPk2bIqIwbNDCmThPgNw841Q272O6EFSYhBjQ==',
    sig: 'MEUCICKQJCEvvV3HdhCSj3TwH9qqIWLwc0GR1m/NED/s1bPIAiEAvkTmhIDIrD4MZoI2g27+HsuxoFJhC/evORT6T2UUwSc=',
  },
];

const check = ({ keyid, sig, ...manifest }: (typeof SIGNED)[number], more = {}) =>
  checkSignatures(manifest.name, { ...manifest, _resolved: '', _signatures: [{ keyid, sig }], ...more }, [
    ...NPM_KEYS,
  ]);

test.each(SIGNED)("the public registry's signature of $name is verified by a pinned key", (signed) => {
  expect(check(signed)).toBe('verified');
  for (const other of [{ version: '9.9.9' }, { _integrity: 'sha512-AAAA' }]) {
    expect(() => check({ ...signed, ...other })).toThrow(
      expect.objectContaining({ code: 'EINTEGRITYSIGNATURE' }),
    );
  }
});

test('an ended key proves nothing that was published after its end', () => {
  const [, old] = SIGNED as [object, (typeof SIGNED)[number]];
  expect(check(old, { _time: '2025-01-28T23:59:59.000Z' })).toBe('verified');
  expect(() => check(old, { _time: '2025-01-29T00:00:00.000Z' })).toThrow(
    expect.objectContaining({ code: 'EEXPIREDSIGNATUREKEY' }),
  );
});

test.each([
  ['no signature', 'absent', undefined],
  ['an empty list', 'absent', []],
  ['a signature by an unknown key', 'unchecked', [{ keyid: 'SHA256:other', sig: 'AAAA' }]],
])('%s is %s', (_what, state, _signatures) => {
  expect(check(SIGNED[0] as (typeof SIGNED)[number], { _signatures })).toBe(state);
});

test('a signature by an unknown key beside one of npm changes nothing', () => {
  const [{ keyid, sig }] = SIGNED as [(typeof SIGNED)[number]];
  const _signatures = [
    { keyid: 'SHA256:other', sig: 'AAAA' },
    { keyid, sig },
  ];
  expect(check(SIGNED[0] as (typeof SIGNED)[number], { _signatures })).toBe('verified');
});
