const [QUOTE, BACKSLASH, COLON, COMMA] = [...'"\\:,'].map((sign) => sign.charCodeAt(0));
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [...'{}[]'].map((sign) => sign.charCodeAt(0));
const NULL = Buffer.from('null');
const FIRST_BYTES = 64 * 1024;

/**
 * Takes a JSON document as it comes, and keeps of it what is wanted: the other values become null before anything is made
 * of them, and are not looked at, so that a document of ten megabytes is never in memory.
 */
export class Sieve {
  readonly #wants: (path: readonly string[]) => boolean;
  #kept = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** Of each object and array that is open: the key that it has come to, or null in an array. */
  readonly #path: (string | null)[] = [];
  #inString = false;
  #escaped = false;
  /** The bytes of a string that may be a key, as far as they have come; null while it cannot be one. */
  #key: number[] | null = null;
  #keyComes = false;
  /** How many are open around a value that is left out; 0 while none is. */
  #leftOut = 0;

  /** @param wants asked of each value in an object, with the keys on the way to it, when all of them are in objects */
  constructor(wants: (path: readonly string[]) => boolean) {
    this.#wants = wants;
  }

  write(bytes: Buffer): void {
    let from = this.#leftOut > 0 ? -1 : 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#inString) {
        this.#takeOfString(byte);
        continue;
      }
      if (from < 0 && this.#path.length === this.#leftOut && (byte === COMMA || byte === CLOSE_OBJECT)) {
        this.#leftOut = 0;
        from = at;
      }
      if (this.#take(byte) && from >= 0) {
        this.#keep(bytes.subarray(from, at + 1));
        this.#keep(NULL);
        this.#leftOut = this.#path.length;
        from = -1;
      }
    }
    if (from >= 0) this.#keep(bytes.subarray(from));
  }

  /** @throws SyntaxError for what is no JSON, or not all of it */
  end(): unknown {
    return JSON.parse(this.#kept.toString('utf8', 0, this.#length));
  }

  #takeOfString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }
    this.#key?.push(byte);
  }

  /** @returns whether a value begins here that is not wanted */
  #take(byte: number): boolean {
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#key = this.#keyComes && this.#leftOut === 0 ? [] : null;
        this.#keyComes = false;
        return false;
      case COLON:
        return this.#leftOut === 0 && this.#valueBegins();
      case COMMA:
        this.#keyComes = this.#path.at(-1) !== null;
        return false;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#keyComes = byte === OPEN_OBJECT;
        this.#path.push(this.#keyComes ? '' : null);
        return false;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.#path.pop();
        this.#keyComes = false;
        return false;
      default:
        return false;
    }
  }

  #valueBegins(): boolean {
    this.#path[this.#path.length - 1] = Buffer.from(this.#key ?? []).toString();
    this.#key = null;
    if (this.#path.includes(null)) return false;
    const path = this.#path as string[];
    // A key that is written with escapes is not read here, and what it leads to is kept.
    return !path.at(-1)?.includes('\\') && !this.#wants(path);
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#kept.length * 2));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    bytes.copy(this.#kept, this.#length);
    this.#length = length;
  }
}
