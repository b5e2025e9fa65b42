import type { GatewayFacts } from '../../src/timer/rules/facts.js';
import type { Mark, Time } from './schedule-truth.js';

/** The gateway of a host: what runs, since when, and what ran before. */
export class Gateway {
  healthy = true;
  previous: string | null = null;
  proven: Mark;
  restarted: Mark | null = null;
  /** Time of the gateway's last restart for a change. */
  changed: Mark | null = null;
  #provenAt: string;
  #restarts = 0;
  #restartedAt: string | null = null;

  constructor(
    public running: string,
    readonly time: Time,
  ) {
    this.proven = time.mark();
    this.#provenAt = time.stamp();
  }

  become(release: string, previous: string | null): void {
    this.running = release;
    this.previous = previous;
    this.proven = this.time.mark();
    this.changed = this.time.mark();
    this.restarted = null;
    this.#provenAt = this.time.stamp();
    this.#restarts = 0;
    this.#restartedAt = null;
  }

  crash(): void {
    this.restarted = this.time.mark();
    this.#restarts++;
    this.#restartedAt = this.time.stamp();
  }

  facts(): GatewayFacts {
    return {
      running: this.running,
      provenAt: this.#provenAt,
      restartsSince: this.#restarts,
      restartedAt: this.#restartedAt,
      activeChange: null,
      healthy: this.healthy,
    };
  }
}
