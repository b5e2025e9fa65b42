import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listChanges } from '../../src/ledger/ledger.js';
import { dumpOf, memoryOf, type Said, say } from '../support/state.js';
import type { Arena } from '../torture/arena.js';
import { pause } from '../torture/moment.js';

const EVERY_MS = 150;

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

  /** Writes rows to the gateway at rest, each of which must be taken. */
  async write(arena: Arena, count: number): Promise<void> {
    for (let n = 0; n < count; n++) this.#live.push(await this.#send(arena));
  }

  /** Writes rows until aborted, to any gateway that answers. */
  async keepWriting(arena: Arena, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#send(arena).then(
        (row) => this.#late.push(row),
        () => {},
      );
      await pause(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #send({ world }: Arena): Promise<string> {
    const row = `row ${this.sent.length}`;
    this.sent.push(row);
    await say(world, row, AbortSignal.timeout(2_000));
    return row;
  }

  /**
   * Compares the state with what was acknowledged, after a step, and answers a sentence for each fault.
   * @param known changes from before the step
   * @param lateAreSafe false when a disk was cut off: what nobody had flushed is lost
   */
  async check(arena: Arena, known: ReadonlySet<string>, lateAreSafe: boolean): Promise<string[]> {
    const { root, world } = arena;
    const broken: string[] = [];
    const displaced: string[] = [];
    const before = this.#live;
    let must = [...before, ...(lateAreSafe ? this.#late : [])];
    let safe = before;
    for (const change of listChanges(root).filter(({ id }) => !known.has(id))) {
      const { snapshot, stateRestored } = change.facts;
      if (snapshot?.scope === 'all') this.#kept.set(snapshot.name, safe);
      if (!stateRestored?.restored) continue;
      const { from, aside } = stateRestored;
      if (aside !== null) {
        this.#kept.set(aside, safe);
        displaced.push(join(root.states, aside));
      }
      safe = this.#kept.get(from) ?? safe;
      must = safe;
    }
    const found = (await memoryOf(world)).said.map(({ text }) => text);
    const has = new Set(found);
    const lost = must.filter((row) => !has.has(row));
    if (lost.length > 0) broken.push(`Acknowledged rows are lost: ${lost.join(', ')}.`);
    const order = found.map((row) => this.sent.indexOf(row));
    if (order.some((at, index) => at <= (order[index - 1] ?? -1)))
      broken.push(`Rows are strange, twice or out of order: ${found.join(', ')}.`);
    const gone = before.filter((row) => !has.has(row));
    if (gone.length > 0) {
      const aside = new Set((await Promise.all(displaced.map((one) => rowsIn(one, world.node)))).flat());
      const nowhere = gone.filter((row) => !aside.has(row));
      if (nowhere.length > 0) broken.push(`Rows are neither live nor displaced: ${nowhere.join(', ')}.`);
    }
    this.#live = found;
    this.#late = [];
    return broken;
  }
}

/** Rows in a state that was displaced: of its database, and of the transcripts of older versions. */
async function rowsIn(directory: string, node: string): Promise<string[]> {
  const database = join(directory, 'files/agents/main/agent/openclaw-agent.sqlite');
  const said: Said[] = existsSync(database) ? ((await dumpOf(node, [database]))[0]?.said ?? []) : [];
  return said.map(({ text }) => text);
}
