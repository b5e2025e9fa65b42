import { hash } from 'node:crypto';

/** @returns sha256 in hex */
export function sha256(content: string | Buffer): string {
  return hash('sha256', content);
}
