import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface Signature {
  keyid: string;
  sig: string;
}

/** A key as `/-/npm/v1/keys` lists it. */
export interface PublicKey {
  expires: string | null;
  keyid: string;
  keytype: 'ecdsa-sha2-nistp256';
  scheme: 'ecdsa-sha2-nistp256';
  /** DER SubjectPublicKeyInfo, base64. */
  key: string;
}

export interface SigningKey {
  publicKey: PublicKey;
  /** Signs `name@version:integrity` the way the public registry does. */
  sign(message: string): Signature;
}

/** A new key, in the format npm's documentation gives under "About registry signatures". */
export function createSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const keyid = `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`;
  return {
    publicKey: {
      expires: null,
      keyid,
      keytype: 'ecdsa-sha2-nistp256',
      scheme: 'ecdsa-sha2-nistp256',
      key: der.toString('base64'),
    },
    sign: (message) => ({ keyid, sig: sign('sha256', Buffer.from(message), privateKey).toString('base64') }),
  };
}
