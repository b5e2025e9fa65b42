import { toErrorRecord } from '../core/errors.js';
import { activityOf, TICKS_PER_SECOND } from '../host/process.js';
import type { Context } from '../ledger/context.js';
import { readRestore } from '../state/restore-records.js';
import { currentRelease, TRIAL_BOOTS } from '../store/links.js';
import type { Inspection } from '../supervisor/supervisor.js';
import type { Expectation } from './expectation.js';
import { trySave } from './saving.js';
import { checkProcess, isOfHost, type Work } from './verification-rules.js';

/** Milliseconds that one look says something of at most: what happened between two distant ones is not known. */
const LONGEST_MS = 5_000;

/**
 * Watches the process of a start. If it ends itself before it was well, while its host holds it up, it may be followed by
 * the supervisor's next start: OpenClaw has limits of time for parts of its own start, which a starved host exceeds with
 * any release. There are as many starts as a trial has, because the launcher goes back after those.
 */
export class StartWatch {
  readonly #context: Context;
  readonly #expected: Expectation;
  #instance: string | null;
  #pid: number | null = null;
  #work: Work = { ranMs: 0, wantedMs: 0 };
  #lookedAt = performance.now();
  #isOver = false;
  /** The crash that the next start follows. */
  #crash: unknown = null;
  starts = 1;

  constructor(context: Context, expected: Expectation) {
    this.#context = context;
    this.#expected = expected;
    this.#instance = expected.instance;
  }

  /** Work of the process until now. */
  get work(): Work {
    return this.#work;
  }

  /** Notes that the gateway was well: its start is over, and any end from now on is its own. */
  noteWell(): void {
    this.#isOver = true;
  }

  /** Notes a time without an answer of the supervisor: a host that holds that up holds up the gateway as much. */
  noteSilence(): void {
    this.#work.wantedMs += this.#sinceLast();
  }

  /**
   * Looks at the process, before it is asked anything, which makes it run.
   * @returns false while the next start is not there
   * @throws ReleasesError `gateway_crashed`, `wrong_release`
   */
  async look(inspection: Inspection): Promise<boolean> {
    if (this.#crash !== null && !(await this.#hasNext(inspection))) return false;
    try {
      this.check(inspection);
    } catch (error) {
      if (!this.#expected.mayStartAgain || !isOfHost(error) || this.starts >= TRIAL_BOOTS) throw error;
      this.#crash = error;
      return this.#hasNext(inspection);
    }
    this.#measure(inspection.pid);
    return true;
  }

  /** @throws ReleasesError `gateway_crashed`, `wrong_release` */
  check(inspection: Inspection): void {
    const expected = { release: this.#expected.release, instance: this.#instance };
    checkProcess(this.#context.root, inspection, expected, this.#isOver ? null : this.#work);
  }

  #measure(pid: number | null): void {
    const sinceMs = this.#sinceLast();
    if (pid !== this.#pid) this.#work = { ranMs: 0, wantedMs: 0 };
    this.#pid = pid;
    if (pid === null) return;
    const { ticks, wantsToRun } = activityOf(pid);
    this.#work.ranMs = Math.max(this.#work.ranMs, (ticks / TICKS_PER_SECOND) * 1000);
    // A launcher that copies a large state waits for the disk, and is no start yet.
    if (wantsToRun && readRestore(this.#context.root) === null) this.#work.wantedMs += sinceMs;
  }

  #sinceLast(): number {
    const sinceMs = performance.now() - this.#lookedAt;
    this.#lookedAt += sinceMs;
    return Math.min(sinceMs, LONGEST_MS);
  }

  /** Waits for the supervisor's own next start, and asks for one only where it has given up: exit code 78 is final for a unit. */
  async #hasNext({ state, instance, pid }: Inspection): Promise<boolean> {
    const { root, change } = this.#context;
    const { facts } = change;
    const report = facts.restart;
    if (state === 'waiting') return false;
    const isNext = state === 'running' && pid !== null && instance !== this.#instance;
    // The launcher or the rescue went back.
    const isCurrent = currentRelease(root) === this.#expected.release;
    if (!isCurrent || (!isNext && state !== 'failed')) throw this.#crash;
    const started = isNext ? instance : await this.#restart();
    change.warnings.push(`${toErrorRecord(this.#crash).message} It was started again.`);
    if (report && started !== null) facts.restart = { ...report, instance: started };
    // A recovery must not wait for the process that ended.
    trySave(this.#context);
    this.#instance = started;
    this.#crash = null;
    this.#work = { ranMs: 0, wantedMs: 0 };
    this.starts++;
    return isNext;
  }

  async #restart(): Promise<string> {
    const { change, supervisor } = this.#context;
    try {
      return (await supervisor.restart()).instance;
    } catch (error) {
      change.warnings.push(`It could not be started again: ${toErrorRecord(error).message}`);
      throw this.#crash;
    }
  }
}
