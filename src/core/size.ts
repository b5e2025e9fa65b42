const PREFIXES = ['', 'K', 'M', 'G', 'T'];
const AMOUNT = /^(\d{1,12}(?:\.\d{1,6})?)\s*(?:([KMGT])(I?B)?|B)?$/;

/** Formats bytes: `12 B`, `900 KiB`, `1.7 GiB`. @param round for one digit behind the point below 10 of a unit, else none */
export function size(bytes: number, round: (value: number) => number = Math.round): string {
  const power = bytes < 1024 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  const shown = value < 10 ? round(value * 10) / 10 : round(value);
  return shown === 1024 ? size(1024 ** (power + 1)) : `${shown} ${PREFIXES[power]}${power ? 'iB' : 'B'}`;
}

/** Parses `500MiB`, `4G` (of 1024 each) or `4GB` (of 1000 each) to bytes; null for any other text. */
export function parseSize(text: string): number | null {
  const [, count, prefix = '', unit] = AMOUNT.exec(text.trim().toUpperCase()) ?? [];
  if (count === undefined) return null;
  return Math.floor(Number(count) * (unit === 'B' ? 1000 : 1024) ** PREFIXES.indexOf(prefix));
}
