/** What the registry can do wrong on purpose. Without `match`, a fault holds for every answer its kind applies to. */
export interface Fault {
  /**
   * Any answer: `not-found` (404), `server-error` (500), `cut-off` (the announced length, half of the body, then a
   * closed connection), `slow`. Tarballs: `wrong-integrity` (another valid tarball than the packument says).
   * Packuments: `wrong-signature` (well formed, over other data), `no-signature`. Keys: `no-keys` (an empty list), `ended-key` (it ended at `KEY_END`).
   */
  kind:
    | 'not-found'
    | 'server-error'
    | 'cut-off'
    | 'slow'
    | 'wrong-integrity'
    | 'wrong-signature'
    | 'no-signature'
    | 'no-keys'
    | 'ended-key';
  /** Only for request paths that match, for example `/\.tgz$/`. */
  match?: RegExp;
  /** Ends after the first answer it spoiled. */
  once?: boolean;
  /** `slow`: milliseconds before the first byte. */
  delayMs?: number;
  /** `slow`: pace of the body. */
  bytesPerSecond?: number;
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

  /** The first fault of this kind for this path, if any; one that holds `once` is used up by asking. */
  take(kind: Fault['kind'], path: string): Fault | undefined {
    // `search` and not `test`: a pattern with the g flag would remember where it stopped.
    const found = this.#active.find(
      (fault) => fault.kind === kind && (!fault.match || path.search(fault.match) >= 0),
    );
    if (found?.once) this.#active = this.#active.filter((fault) => fault !== found);
    return found;
  }
}
