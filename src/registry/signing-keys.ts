import { createPublicKey, type KeyObject } from 'node:crypto';
import { ReleasesError } from '../core/errors.js';
import { readRecord } from '../core/record.js';
import type {} from '../core/scalars.js';

/** One key, as a registry lists it at `/-/npm/v1/keys`. */
export interface SigningKey {
  keyid: string;
  /** SubjectPublicKeyInfo (DER), base64. */
  key: string;
  /** ISO 8601; null or absent for a key without an end. */
  expires?: string | null;
}

export interface KeysFile {
  keys: SigningKey[];
}

/**
 * npm's keys for the packages of the public registry, as sigstore's root of trust publishes them
 * (`registry.npmjs.org/keys.json`). A test compares them with those that npm's own libraries carry.
 */
export const NPM_KEYS: readonly SigningKey[] = [
  {
    keyid: 'SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA',
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==',
    expires: '2025-01-29T00:00:00.000Z',
  },
  {
    keyid: 'SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U',
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==',
  },
];

/**
 * npm's keys, and those that the operator has put into a file.
 * @param file absolute; may be missing
 * @throws ReleasesError `root_invalid` for a file that cannot be used
 */
export function signingKeys(file: string | undefined): SigningKey[] {
  if (file === undefined) return [...NPM_KEYS];
  const found = readRecord<KeysFile>(file, 'registry-keys');
  if (found.state === 'missing') return [...NPM_KEYS];
  if (found.state === 'corrupt') throw unusable(file, found.why);
  for (const key of found.value.keys) {
    try {
      publicKey(key);
    } catch (cause) {
      throw unusable(file, `has a key ${key.keyid} that is none`, cause);
    }
  }
  return [...NPM_KEYS, ...found.value.keys];
}

export function publicKey({ key }: SigningKey): KeyObject {
  return createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
}

function unusable(file: string, why: string, cause?: unknown): ReleasesError {
  return new ReleasesError('root_invalid', `${file} ${why}.`, {
    hint: "Write the registry's answer to /-/npm/v1/keys into it, or remove it.",
    cause,
  });
}
