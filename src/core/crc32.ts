let zlib: typeof import('node:zlib') | undefined;

/**
 * CRC-32 of a text in UTF-8, in 8 hexadecimal digits. Finds each flipped bit. Loads its library for the first record: that
 * takes a millisecond, and a loop here would take five for the records of `status`.
 */
export function crc32(text: string): string {
  zlib ??= process.getBuiltinModule('node:zlib');
  return zlib.crc32(text).toString(16).padStart(8, '0');
}
