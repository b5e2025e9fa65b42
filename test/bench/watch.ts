import { setTimeout } from 'node:timers/promises';
import { answers } from '../../src/demo/prober.js';
import { activityOf, TICKS_PER_SECOND } from '../../src/host/process.js';

const EVERY_MS = 5;

/** Milliseconds without a good answer, from the last one before to the first one after. */
export interface Outage {
  /** `/readyz` */
  readyMs: number;
  /** `/healthz` */
  liveMs: number;
  /** Processor time that the new process had used when it was ready; unlike the others it says little of what else ran. */
  cpuMs: number;
}

/** Target of the watch. */
export interface Watched {
  url: string;
  /** The gateway's process. */
  pid(): Promise<number>;
}

/** Measures what a gateway's users miss while `work` is done; resolves once it is ready again. */
export async function outageOf({ url, pid }: Watched, work: () => Promise<unknown>): Promise<Outage> {
  let cpuMs: Promise<number> | undefined;
  const ready = new Watch(`${url}/readyz`, () => {
    cpuMs = pid().then((one) => (activityOf(one).ticks / TICKS_PER_SECOND) * 1000);
  });
  const live = new Watch(`${url}/healthz`);
  try {
    await Promise.all([ready.answer(), live.answer()]);
    await work();
    await Promise.all([ready.answer(), live.answer()]);
    return { readyMs: ready.missed, liveMs: live.missed, cpuMs: (await cpuMs) ?? Number.NaN };
  } finally {
    ready.end();
    live.end();
  }
}

/** Asks again and again, each time over a connection of its own. */
class Watch {
  missed = 0;
  #ended = false;
  #lastGood: number | null = null;
  #failed = false;
  #waiting: (() => void)[] = [];

  constructor(
    url: string,
    private readonly back: () => void = () => {},
  ) {
    void this.#run(url);
  }

  /** Resolves with the next good answer to something that is asked from now on. */
  answer(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  end(): void {
    this.#ended = true;
  }

  async #run(url: string): Promise<void> {
    while (!this.#ended) {
      const waiting = this.#waiting;
      this.#waiting = [];
      if (await answers(url)) {
        this.#note(performance.now());
        for (const resolve of waiting) resolve();
      } else {
        this.#failed = true;
        this.#waiting.push(...waiting);
      }
      await setTimeout(EVERY_MS);
    }
  }

  #note(now: number): void {
    if (this.#failed && this.#lastGood !== null) {
      this.missed += now - this.#lastGood;
      this.back();
    }
    this.#failed = false;
    this.#lastGood = now;
  }
}
