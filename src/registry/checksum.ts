/** Bytes of each digest that npm checks and nobody can forge. */
const STRONG: Record<string, number> = { sha512: 64, sha384: 48, sha256: 32 };
const SHA1_BYTES = 20;

const PART = /^([a-z0-9]+)-([A-Za-z0-9+/]+={0,2})$/;

/**
 * Judges Subresource Integrity. SHA-1 alone is weak: other bytes with the same digest can be made.
 * @returns null for anything that npm cannot check
 */
export function checksumStrength(integrity: unknown): 'strong' | 'weak' | null {
  if (typeof integrity !== 'string') return null;
  const strengths = integrity.trim().split(/\s+/).map(strengthOf);
  if (strengths.includes(null)) return null;
  return strengths.includes('strong') ? 'strong' : 'weak';
}

function strengthOf(part: string): 'strong' | 'weak' | null {
  const [, algorithm = '', digest = ''] = PART.exec(part) ?? [];
  const bytes = Buffer.from(digest, 'base64');
  // Another spelling of the same bytes would not be equal to what npm computes.
  if (bytes.toString('base64') !== digest) return null;
  if (Object.hasOwn(STRONG, algorithm) && STRONG[algorithm] === bytes.length) return 'strong';
  return algorithm === 'sha1' && bytes.length === SHA1_BYTES ? 'weak' : null;
}
