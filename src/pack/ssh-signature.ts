import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { ReleasesError } from '../core/errors.js';
import { exec, problemOf } from '../host/exec.js';

/** Meanings of a signature: one for a pack is none for anything else. */
export const NAMESPACES = { pack: 'openclaw-releases-pack', yanked: 'openclaw-releases-yanked' } as const;

export type Namespace = (typeof NAMESPACES)[keyof typeof NAMESPACES];

const BEGIN = '-----BEGIN SSH SIGNATURE-----\n';
const END = '-----END SSH SIGNATURE-----\n';
const MAGIC = Buffer.from('SSHSIG');
const SIGN_TIMEOUT_MS = 60_000;

/** Bytes; a smaller RSA key can be broken. */
const LEAST_MODULUS = 256;

/**
 * Verifies a signature of `ssh-keygen -Y sign` (PROTOCOL.sshsig of OpenSSH), by the key that it names.
 * @returns that key, in the form of SSH; nothing says yet that it is trusted
 * @throws ReleasesError `signature_untrusted`
 */
export function verifySignature(armored: string, message: Buffer, namespace: Namespace): Buffer {
  const blob = Buffer.from(armored.slice(BEGIN.length, -END.length), 'base64');
  if (armor(blob) !== armored) throw untrusted('is not in the form of ssh-keygen');
  try {
    const reader = new Reader(blob);
    if (!reader.take(MAGIC.length).equals(MAGIC) || reader.number() !== 1)
      throw untrusted('is of another form');
    const key = reader.text();
    const meant = reader.text().toString();
    const reserved = reader.text();
    const hash = reader.text().toString();
    const signature = reader.text();
    reader.end();
    if (meant !== namespace) throw untrusted(`is for ${JSON.stringify(meant)} and not for ${namespace}`);
    if (hash !== 'sha512' && hash !== 'sha256') throw untrusted('uses an unknown digest');
    const digest = createHash(hash).update(message).digest();
    const signed = [Buffer.from(meant), reserved, Buffer.from(hash), digest].map(field);
    if (!isSignedBy(key, Buffer.concat([MAGIC, ...signed]), signature))
      throw untrusted('is not of these bytes, or they were changed');
    return key;
  } catch (error) {
    throw error instanceof ReleasesError ? error : untrusted('cannot be read', error);
  }
}

/** Fingerprint as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Signs by the program `ssh-keygen`, which knows agents, tokens and passphrases.
 * @param key path of a private key, or of a public one whose private key an agent has
 * @throws ReleasesError `signing_failed`
 */
export async function sign(text: string, key: string, namespace: Namespace): Promise<string> {
  const args = ['-Y', 'sign', '-q', '-f', key, '-n', namespace];
  const result = await exec('ssh-keygen', args, {
    env: process.env,
    input: text,
    timeoutMs: SIGN_TIMEOUT_MS,
  });
  const blob = Buffer.from(result.stdout.replace(/-----[A-Z ]+-----/g, ''), 'base64');
  try {
    if (!result.ok) throw new Error(problemOf(result));
    verifySignature(armor(blob), Buffer.from(text), namespace);
    return armor(blob);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ReleasesError('signing_failed', `ssh-keygen could not sign with ${key}: ${why}`, {
      hint: `ssh-add ${key}, for a key with a passphrase; or install openssh-client`,
      cause,
    });
  }
}

function armor(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return `${BEGIN}${lines.map((line) => `${line}\n`).join('')}${END}`;
}

function isSignedBy(key: Buffer, data: Buffer, blob: Buffer): boolean {
  const reader = new Reader(blob);
  const type = reader.text().toString();
  const signature = reader.text();
  reader.end();
  const { keyType, object } = publicKeyOf(key);
  if (keyType === 'ssh-rsa') {
    const digest = { 'rsa-sha2-512': 'sha512', 'rsa-sha2-256': 'sha256' }[type];
    return digest !== undefined && verify(digest, data, object, signature);
  }
  if (type !== keyType) return false;
  if (keyType === 'ssh-ed25519') return verify(null, data, object, signature);
  const pair = new Reader(signature);
  const numbers = [pair.integer(32), pair.integer(32)];
  pair.end();
  return verify('sha256', data, { key: object, dsaEncoding: 'ieee-p1363' }, Buffer.concat(numbers));
}

/** @throws ReleasesError `signature_untrusted` for a kind of key that is not known here */
export function publicKeyOf(key: Buffer): { keyType: string; object: KeyObject } {
  const reader = new Reader(key);
  const keyType = reader.text().toString();
  const jwk = jwkOf(keyType, reader);
  reader.end();
  return { keyType, object: createPublicKey({ key: jwk, format: 'jwk' }) };
}

function jwkOf(type: string, reader: Reader): JsonWebKey {
  const base64 = (bytes: Buffer) => bytes.toString('base64url');
  if (type === 'ssh-ed25519') return { kty: 'OKP', crv: 'Ed25519', x: base64(reader.text()) };
  if (type === 'ecdsa-sha2-nistp256') {
    const curve = reader.text().toString();
    const point = reader.text();
    if (curve === 'nistp256' && point.length === 65 && point[0] === 4)
      return { kty: 'EC', crv: 'P-256', x: base64(point.subarray(1, 33)), y: base64(point.subarray(33)) };
  }
  if (type === 'ssh-rsa') {
    const [e, n] = [reader.integer(), reader.integer()];
    if (n.length >= LEAST_MODULUS) return { kty: 'RSA', e: base64(e), n: base64(n) };
  }
  throw untrusted(`is by a key of a kind that is not accepted: ${JSON.stringify(type)}`);
}

export function untrusted(why: string, cause?: unknown): ReleasesError {
  return new ReleasesError('signature_untrusted', `The signature ${why}.`, {
    hint: 'openclaw-releases signers, which lists the keys that this host trusts',
    cause,
  });
}

/** Bytes with their length before them. */
function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads the fields of SSH (RFC 4251). */
class Reader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  take(length: number): Buffer {
    const taken = this.bytes.subarray(this.#at, this.#at + length);
    if (taken.length < length) throw new RangeError('A field ends early.');
    this.#at += length;
    return taken;
  }

  number(): number {
    return this.take(4).readUInt32BE();
  }

  text(): Buffer {
    return this.take(this.number());
  }

  /** Positive number, of `length` bytes where that is given. */
  integer(length?: number): Buffer {
    const bytes = this.text();
    const [first = 0, second = 0] = bytes;
    // One number has one form: a zero stands only before a bit that would be a sign.
    if (first & 0x80 || (first === 0 && !(second & 0x80))) throw new RangeError('A number is not positive.');
    const digits = first === 0 ? bytes.subarray(1) : bytes;
    if (length === undefined) return digits;
    if (digits.length > length) throw new RangeError('A number is too large.');
    return Buffer.concat([Buffer.alloc(length - digits.length), digits]);
  }

  end(): void {
    if (this.#at < this.bytes.length) throw new RangeError('Something follows.');
  }
}
