/** Fault that the registry has on purpose. Without `match`, it holds for every answer its kind applies to. */
export interface Fault {
  /**
   * Any answer: `not-found` (404), `server-error` (500), `cut-off` (the announced length, half of the body, then a
   * closed connection), `slow`, `no-range` (all of it to a client that asks for the rest), `refused-range` (416 to that client). Tarballs: `wrong-integrity` (another valid tarball than the packument says).
   * Packuments: `wrong-signature` (well formed, over other data), `no-signature`. Keys: `no-keys` (an empty list), `ended-key` (it ended at `KEY_END`).
   * `odd-document`: any JSON, as `change` makes it.
   */
  kind:
    | 'not-found'
    | 'server-error'
    | 'cut-off'
    | 'slow'
    | 'no-range'
    | 'refused-range'
    | 'wrong-integrity'
    | 'wrong-signature'
    | 'no-signature'
    | 'no-keys'
    | 'ended-key'
    | 'odd-document';
  /** Request paths that it is restricted to, for example `/\.tgz$/`. */
  match?: RegExp;
  /** Ends after the first answer it spoiled. */
  once?: boolean;
  /** `slow`: milliseconds before the first byte. */
  delayMs?: number;
  /** `slow`: pace of the body. */
  bytesPerSecond?: number;
  /** `odd-document`: a document from what would have been sent. */
  // biome-ignore lint/suspicious/noExplicitAny: the document may be about anything
  change?: (document: any) => unknown;
}

/** The faults that are on. */
export class Faults {
  #active: Fault[] = [];

  add(fault: Fault): void {
    this.#active.push(fault);
  }

  clear(): void {
    this.#active = [];
  }

  /** The first fault of this kind for this path, if any; a fault that holds `once` is used up by asking. */
  take(kind: Fault['kind'], path: string): Fault | undefined {
    // `search` and not `test`: a pattern with the g flag would remember where it stopped.
    const found = this.#active.find(
      (fault) => fault.kind === kind && (!fault.match || path.search(fault.match) >= 0),
    );
    if (found?.once) this.#active = this.#active.filter((fault) => fault !== found);
    return found;
  }
}
