/** Entry of a tar archive that is a function of its content: no owner and no time. */
export interface TarEntry {
  path: string;
  mode: number;
  /** Bytes of its content. */
  size: number;
  /** Text of a symlink. */
  target?: string;
}

const BLOCK = 512;
/** Place of a size, of 11 octal digits, in a header. */
const SIZE = 124;
/** Bytes of the field of a path; a longer one is in a record of pax. */
const NAME = 100;

/** Zeros after content of that size, up to a whole block. */
export const paddingOf = (size: number) => -size & (BLOCK - 1);

export const END_OF_TAR = Buffer.alloc(2 * BLOCK);

/** Header of an entry (POSIX.1-2001): the same entry has the same bytes on every host. */
export function tarHeader({ path, mode, size, target = '' }: TarEntry): Buffer {
  const records = Buffer.from(paxRecord('path', path) + paxRecord('linkpath', target));
  const own = block({ path, mode, size, target }, target === '' ? '0' : '2');
  if (records.length === 0) return own;
  const pax = block({ path: 'PaxHeader', mode, size: records.length }, 'x');
  return Buffer.concat([pax, records, Buffer.alloc(paddingOf(records.length)), own]);
}

/** Bytes of the header of an entry, which its size does not change. */
export function headerBytes({ path, target = '' }: Pick<TarEntry, 'path' | 'target'>): number {
  const records = Buffer.byteLength(paxRecord('path', path) + paxRecord('linkpath', target));
  return records === 0 ? BLOCK : 2 * BLOCK + records + paddingOf(records);
}

/** Size that a header says, where it is the header of a whole entry; null where it is no number. */
export function sizeIn(header: Buffer): number | null {
  const at = header.length - BLOCK + SIZE;
  const digits = header.toString('latin1', at, at + 11);
  return /^[0-7]{11}$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

function block({ path, mode, size, target = '' }: TarEntry, type: string): Buffer {
  // From the pool, which `Buffer.alloc` does not use: a release has tens of thousands of headers.
  const header = Buffer.allocUnsafe(BLOCK).fill(0);
  Buffer.from(path).copy(header, 0, 0, NAME);
  header.write(octal(mode, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(octal(size, 11), SIZE, 'latin1');
  header.write(octal(0, 11), 136, 'latin1');
  header.write(`        ${type}`, 148, 'latin1');
  Buffer.from(target).copy(header, 157, 0, NAME);
  header.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  // `for of` takes five times as long: a release has tens of thousands of headers.
  for (let at = 0; at < BLOCK; at++) sum += header[at] as number;
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

function paxRecord(key: string, value: string): string {
  if (Buffer.byteLength(value) <= NAME) return '';
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const digits = String(rest + String(rest).length).length;
  return `${rest + digits} ${key}=${value}\n`;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
