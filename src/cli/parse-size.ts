import { InvalidArgumentError } from 'commander';

const AMOUNT = /^(\d{1,12}(?:\.\d{1,6})?)\s*(?:([KMGT])(I?B)?|B)?$/;
const POWERS = ['', 'K', 'M', 'G', 'T'];

/** Bytes of an amount such as `500MiB`, `4G` (of 1024 each) or `4GB` (of 1000 each). */
export function parseBytes(text: string): number {
  const [, count, prefix = '', unit] = AMOUNT.exec(text.trim().toUpperCase()) ?? [];
  if (count === undefined) throw new InvalidArgumentError('Not an amount such as 500MiB or 4GiB.');
  return Math.floor(Number(count) * (unit === 'B' ? 1000 : 1024) ** POWERS.indexOf(prefix));
}

export function parseCount(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}
