const [QUOTE, BACKSLASH, COLON, COMMA] = [...'"\\:,'].map((sign) => sign.charCodeAt(0));
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [...'{}[]'].map((sign) => sign.charCodeAt(0));
const NULL = Buffer.from('null');
const NO_BYTES = Buffer.alloc(0);
const FIRST_BYTES = 64 * 1024;

/** Decision about a value: keep it, decide for each of its parts, or drop it. */
export type Selection = 'all' | 'parts' | 'nothing';

/** Streams JSON and replaces unwanted values by null before parsing, so that a document of 10 MB is never in memory. */
export class Sieve {
  readonly #select: (path: readonly string[]) => Selection;
  #kept = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** Latest key of each open object whose parts are decided one by one. */
  readonly #path: string[] = [];
  /** Set while a whole value is kept or dropped. */
  #passing: Exclude<Selection, 'parts'> | null = null;
  /** Number of open objects and arrays in that value. */
  #open = 0;
  #inString = false;
  #escaped = false;
  #keyComes = false;
  /** Part of a key from earlier bytes; null outside of a key. */
  #key: Buffer | null = null;

  /** @param select decides about a value by its keys, inside objects that are `parts` */
  constructor(select: (path: readonly string[]) => Selection) {
    this.#select = select;
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

  /** @throws SyntaxError for invalid or incomplete JSON */
  end(): unknown {
    return JSON.parse(this.#kept.toString('utf8', 0, this.#length));
  }

  /** @returns start of a value to keep or drop as a whole, or the end of the bytes */
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
        const selection = this.#ask();
        if (selection === 'parts') continue;
        this.#passing = selection;
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

  /** @returns end of that value, or of the bytes */
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

  /** @returns true while the string continues */
  #isInside(byte: number | undefined): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
    return this.#inString;
  }

  #endKey(begun: Buffer, bytes: Buffer, from: number, to: number): string {
    this.#key = null;
    if (begun.length === 0) return bytes.toString('utf8', from, to);
    return Buffer.concat([begun, bytes.subarray(from, to)]).toString();
  }

  /** Keeps the value of a key with escapes, because keys are not decoded here. */
  #ask(): Selection {
    return this.#path.at(-1)?.includes('\\') ? 'all' : this.#select(this.#path);
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
