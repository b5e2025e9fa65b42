import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { within } from '../../host/wait.js';
import type { Inspection, RestartReport } from '../supervisor.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import { type Gateway, type GatewayOptions, startGateway } from './child.js';
import { describeEnding, type Ending, exitCodeOf, isFinal, NOT_STARTED } from './ending.js';
import { launchEnvironment } from './launch.js';
import { PendingRestart } from './pending-restart.js';
import { type GatewayRecord, instanceOf } from './record.js';

export interface MonitorOptions extends GatewayOptions {
  /** Milliseconds between SIGTERM and SIGKILL, where this process is stopped too. */
  stopLimitMs: number;
  backoff: BackoffOptions;
  log: (line: string) => void;
  onStart: (gateway: GatewayRecord) => void;
}

export class Monitor {
  readonly #options: MonitorOptions;
  readonly #backoff: Backoff;
  #gateway: Gateway | null = null;
  #idleState: Exclude<Inspection['state'], 'running'> = 'waiting';
  #restarts = 0;
  #lastEnding: Ending | null = null;
  #stopping = false;
  #pending: PendingRestart | null = null;
  #wake = () => {};

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  inspect(): Inspection {
    const identity = this.#gateway?.running ? this.#gateway.identity : null;
    const { args, env } = this.#options;
    return {
      state: identity ? 'running' : this.#idleState,
      pid: identity?.pid ?? null,
      instance: identity && instanceOf(identity),
      restarts: this.#restarts,
      lastExit: this.#lastEnding && { code: this.#lastEnding.code, signal: this.#lastEnding.signal },
      launch: { args, env: launchEnvironment(env) },
    };
  }

  /** Restarts the gateway until it is stopped or its exit code is final; returns the exit code. */
  async keep(): Promise<number> {
    const { log } = this.#options;
    for (let asked = true; !this.#stopping; asked = this.#pending !== null) {
      if (!asked) this.#restarts += 1;
      const startedAt = performance.now();
      const ending = await this.#runOnce();
      this.#lastEnding = ending;
      if (this.#stopping || this.#pending) continue;
      if (isFinal(ending) && !this.#nextStartDiffers()) {
        log(`The gateway ${describeEnding(ending)}; starting it again would not help.`);
        break;
      }
      const delayMs = this.#backoff.next(performance.now() - startedAt);
      log(`The gateway ${describeEnding(ending)}; it is started again in ${delayMs} ms.`);
      await this.#command(delayMs);
    }
    return this.#lastEnding ? exitCodeOf(this.#lastEnding) : 0;
  }

  /** During a trial the launcher counts starts and then rolls back; it also completes an interrupted restore. */
  #nextStartDiffers(): boolean {
    return ['trial', 'restore.json'].some((name) => existsSync(join(this.#options.root, name)));
  }

  /** Ends the gateway and `keep`; a second call sends no second signal. */
  stop(): void {
    const { log, stopLimitMs } = this.#options;
    if (this.#stopping) {
      log(`The gateway is being stopped, which may take ${stopLimitMs} ms.`);
      return;
    }
    this.#stopping = true;
    this.#idleState = 'stopped';
    this.#pending?.failed('The supervisor was stopped during the restart.');
    this.#pending = null;
    this.#endGateway(stopLimitMs);
    this.#wake();
  }

  /** Joins a pending restart. @throws ReleasesError `restart_failed`, `supervisor_failed` */
  async restart(limitMs: number): Promise<RestartReport> {
    if (this.#stopping) throw new ReleasesError('supervisor_failed', 'The supervisor is being stopped.');
    this.#backoff.clear();
    if (this.#pending) return this.#pending.report;
    const pending = new PendingRestart(this.#gateway?.running ?? false);
    this.#pending = pending;
    this.#idleState = 'waiting';
    this.#endGateway(limitMs);
    this.#wake();
    return pending.report;
  }

  signal(signal: NodeJS.Signals): void {
    this.#gateway?.signal(signal);
  }

  async #runOnce(): Promise<Ending> {
    const pending = this.#pending;
    this.#pending = null;
    try {
      this.#gateway = startGateway(this.#options);
    } catch (error) {
      pending?.failed('The gateway could not be started.', error);
      return NOT_STARTED;
    }
    const { identity, mark, ended } = this.#gateway;
    this.#options.log(`The gateway was started as process ${identity.pid}.`);
    pending?.started(instanceOf(identity), this.#lastEnding?.killed ?? false);
    this.#options.onStart({ ...identity, mark });
    const ending = await ended;
    this.#gateway = null;
    return ending;
  }

  #endGateway(limitMs: number): void {
    const gateway = this.#gateway;
    void gateway?.stop(limitMs).then((gone) => {
      if (gone) return;
      const sentence = `The gateway process ${gateway.identity.pid} did not end, not even by SIGKILL.`;
      this.#options.log(sentence);
      this.#pending?.failed(sentence);
    });
  }

  async #command(delayMs: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await within(woken, delayMs);
  }
}
