const [QUOTE, BACKSLASH, COLON, COMMA] = [...'"\\:,'].map((sign) => sign.charCodeAt(0));
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [...'{}[]'].map((sign) => sign.charCodeAt(0));
const NULL = Buffer.from('null');
const NO_BYTES = Buffer.alloc(0);
const FIRST_BYTES = 64 * 1024;

/** What is wanted of a value: all of it, whatever it is asked about part by part, or nothing. */
export type Wish = 'all' | 'parts' | 'nothing';

/**
 * Takes a JSON document as it comes, and keeps of it what is wanted: the other values become null before anything is made
 * of them, and are not looked at, so that a document of ten megabytes is never in memory.
 */
export class Sieve {
  readonly #wishOf: (path: readonly string[]) => Wish;
  #kept = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** The keys that have been come to, of each object that is open and whose parts are asked about. */
  readonly #path: string[] = [];
  /** A value that is kept or left out as a whole is being passed. */
  #passing: Exclude<Wish, 'parts'> | null = null;
  /** How many objects and arrays of that value are open. */
  #open = 0;
  #inString = false;
  #escaped = false;
  #keyComes = false;
  /** A key as far as it had come when the bytes ended; null outside of one. */
  #key: Buffer | null = null;

  /** @param wishOf asked about each value in an object, with the keys on the way to it, as far as its object is asked about */
  constructor(wishOf: (path: readonly string[]) => Wish) {
    this.#wishOf = wishOf;
  }

  write(bytes: Buffer): void {
    let from = 0;
    for (let at = 0; at < bytes.length; ) {
      const wasLeftOut = this.#passing === 'nothing';
      at = this.#passing === null ? this.#take(bytes, at) : this.#pass(bytes, at);
      const isLeftOut = this.#passing === 'nothing';
      if (wasLeftOut && !isLeftOut) from = at;
      if (wasLeftOut || !isLeftOut) continue;
      this.#keep(bytes, from, at);
      this.#keep(NULL, 0, NULL.length);
    }
    if (this.#passing !== 'nothing') this.#keep(bytes, from, bytes.length);
  }

  /** @throws SyntaxError for what is no JSON, or not all of it */
  end(): unknown {
    return JSON.parse(this.#kept.toString('utf8', 0, this.#length));
  }

  /** @returns where a value that is passed as a whole begins, or the end of the bytes */
  #take(bytes: Buffer, from: number): number {
    let keyFrom = from;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#inString) {
        if (this.#isInside(byte)) continue;
        if (this.#key) this.#path[this.#path.length - 1] = this.#endKey(this.#key, bytes, keyFrom, at);
      } else if (byte === QUOTE) {
        this.#inString = true;
        if (this.#keyComes) this.#key = NO_BYTES;
        this.#keyComes = false;
        keyFrom = at + 1;
      } else if (byte === COLON) {
        const wish = this.#ask();
        if (wish === 'parts') continue;
        this.#passing = wish;
        return at + 1;
      } else if (byte === COMMA) this.#keyComes = true;
      else if (byte === OPEN_OBJECT) {
        this.#path.push('');
        this.#keyComes = true;
      } else if (byte === CLOSE_OBJECT) this.#path.pop();
      else if (byte === OPEN_ARRAY) {
        this.#passing = 'all';
        return at;
      }
    }
    if (this.#key) this.#key = Buffer.concat([this.#key, bytes.subarray(keyFrom)]);
    return bytes.length;
  }

  /** @returns where the value that is passed ends, or the end of the bytes */
  #pass(bytes: Buffer, from: number): number {
    let open = this.#open;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#inString) this.#isInside(byte);
      else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte === COMMA) {
        if (open === 0) {
          this.#passing = null;
          this.#open = 0;
          return at;
        }
        if (byte !== COMMA) open--;
      }
    }
    this.#open = open;
    return bytes.length;
  }

  /** Takes a byte of a string. @returns whether the string goes on after it */
  #isInside(byte: number | undefined): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
    return this.#inString;
  }

  /** @param begun in bytes before these */
  #endKey(begun: Buffer, bytes: Buffer, from: number, to: number): string {
    this.#key = null;
    if (begun.length === 0) return bytes.toString('utf8', from, to);
    return Buffer.concat([begun, bytes.subarray(from, to)]).toString();
  }

  /** A key that is written with escapes is not read here, and what it leads to is kept. */
  #ask(): Wish {
    return this.#path.at(-1)?.includes('\\') ? 'all' : this.#wishOf(this.#path);
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#kept.length * 2));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    bytes.copy(this.#kept, this.#length, from, to);
    this.#length = length;
  }
}
