import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listChanges } from '../../src/ledger/ledger.js';
import { dumpOf, type Said, say, wordsOf } from '../support/state.js';
import type { World } from '../support/world.js';
import type { Arena } from '../torture/arena.js';
import { pause } from '../torture/moment.js';

/** Place of rows: what a gateway is told, and keeps in its state. */
export interface Notebook {
  /** Milliseconds between rows, while a step is carried out. */
  everyMs: number;
  /** Has the gateway write a row; fails where it does not acknowledge it. */
  write(row: string): Promise<void>;
  /** Rows of the live state, in their order. */
  read(): Promise<string[]>;
  /** Rows in a state that was displaced, at its path. */
  readIn(state: string): Promise<string[]>;
}

/**
 * Rows that a gateway has acknowledged, and those that its state must have. A restore takes it back to the rows from before
 * its snapshot; all others must lie in the state that was displaced.
 */
export class Rows {
  /** In the order in which they were sent. */
  readonly sent: string[] = [];
  /** Rows that the live state must have. */
  #live: string[] = [];
  /** Rows that each snapshot must have. */
  readonly #kept = new Map<string, string[]>();
  /** Rows acknowledged since the step began; they may be newer than a snapshot. */
  #late: string[] = [];
  readonly #notebook: Notebook;

  constructor(notebook: Notebook) {
    this.#notebook = notebook;
  }

  /** Writes rows to the gateway at rest, each of which must be taken. */
  async write(count: number): Promise<void> {
    for (let n = 0; n < count; n++) this.#live.push(await this.#send());
  }

  /** Writes rows until aborted, to any gateway that answers. */
  async keepWriting(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#send().then(
        (row) => this.#late.push(row),
        () => {},
      );
      await pause(this.#notebook.everyMs, undefined, { signal }).catch(() => {});
    }
  }

  async #send(): Promise<string> {
    const row = `row ${this.sent.length}`;
    this.sent.push(row);
    await this.#notebook.write(row);
    return row;
  }

  /**
   * Compares the state with what was acknowledged, after a step, and answers a sentence for each fault.
   * @param known changes from before the step
   * @param lateAreSafe false when a disk was cut off: what nobody had flushed is lost
   */
  async check(arena: Arena, known: ReadonlySet<string>, lateAreSafe: boolean): Promise<string[]> {
    const { root } = arena;
    const broken: string[] = [];
    const displaced: string[] = [];
    const before = this.#live;
    let must = [...before, ...(lateAreSafe ? this.#late : [])];
    let safe = before;
    for (const change of listChanges(root).filter(({ id }) => !known.has(id))) {
      const { snapshot, restore, stateRestored } = change.facts;
      if (snapshot?.scope === 'all') this.#kept.set(snapshot.name, safe);
      if (!stateRestored?.restored) continue;
      const { from, aside } = stateRestored;
      // It restored a state, and then, undone, what it had displaced by that.
      if (restore && restore.from !== from) {
        this.#kept.set(from, safe);
        safe = this.#kept.get(restore.from) ?? [];
      }
      if (aside !== null) {
        this.#kept.set(aside, safe);
        displaced.push(join(root.states, aside, 'files'));
      }
      // Any other one was made before the first row.
      safe = this.#kept.get(from) ?? [];
      must = safe;
    }
    const found = await this.#notebook.read();
    const has = new Set(found);
    const lost = must.filter((row) => !has.has(row));
    if (lost.length > 0) broken.push(`Acknowledged rows are lost: ${lost.join(', ')}.`);
    const order = found.map((row) => this.sent.indexOf(row));
    if (order.some((at, index) => at <= (order[index - 1] ?? -1)))
      broken.push(`Rows are strange, twice or out of order: ${found.join(', ')}.`);
    const gone = before.filter((row) => !has.has(row));
    if (gone.length > 0) {
      const aside = new Set((await Promise.all(displaced.map((one) => this.#notebook.readIn(one)))).flat());
      const nowhere = gone.filter((row) => !aside.has(row));
      if (nowhere.length > 0) broken.push(`Rows are neither live nor displaced: ${nowhere.join(', ')}.`);
    }
    this.#live = found;
    this.#late = [];
    return broken;
  }
}

/** Database of an agent below a state. */
export const AGENT_DATABASE = 'agents/main/agent/openclaw-agent.sqlite';

/** Rows of a world of miniature releases. */
export function miniatureNotebook(world: World): Notebook {
  return {
    everyMs: 150,
    write: (row) => say(world, row, AbortSignal.timeout(2_000)),
    read: () => wordsOf(world),
    async readIn(state) {
      const database = join(state, AGENT_DATABASE);
      const said: Said[] = existsSync(database)
        ? ((await dumpOf(world.node, [database]))[0]?.said ?? [])
        : [];
      return said.map(({ text }) => text);
    },
  };
}
