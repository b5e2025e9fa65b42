import { compareVersions } from '../../src/core/version.js';
import { readClock } from '../../src/timer/rules/clock.js';
import { type Decision, decide, type Input } from '../../src/timer/rules/decision.js';
import type { Clock, HistoryEntry, PolicyFacts } from '../../src/timer/rules/facts.js';
import type { Settings } from '../../src/timer/rules/settings.js';
import { Gateway } from './schedule-gateway.js';
import type { Happening } from './schedule-happening.js';
import { Registry, type Release } from './schedule-registry.js';
import { type Applied, type Before, HOUR, type Mark, Time } from './schedule-truth.js';

const QUARANTINE_MS = 7 * 24 * HOUR;

/** One host, its registry and its owner, as a model that does what the decision says. */
export class Host {
  readonly applied: Applied[] = [];
  clock: Clock | null = null;
  readonly #settings: Settings;
  readonly #registry: Registry;
  readonly time: Time;
  readonly #history: HistoryEntry[] = [];
  readonly #policy: PolicyFacts = {
    pins: [],
    hold: null,
    quarantine: {},
    enabled: true,
    blockedBy: [],
    breakerResetAt: null,
  };
  readonly #gateway: Gateway;
  #failures = 0;
  readonly #attempts = new Map<string, number>();
  readonly #failed = new Map<string, Mark>();
  readonly #wentBackByHand = new Set<string>();
  readonly #taken = new Set<string>();

  constructor(
    settings: Settings,
    releases: Release[],
    running: string,
    start: number,
    readonly installId = 'a-host',
  ) {
    this.#settings = settings;
    this.#registry = new Registry(releases);
    this.time = new Time(start);
    this.#gateway = new Gateway(running, this.time);
  }

  get running(): string {
    return this.#gateway.running;
  }

  /** Facts for a run of the timer at this moment. */
  input(): Input {
    return {
      settings: this.#settings,
      policy: structuredClone(this.#policy),
      clock: readClock(this.clock, this.time.now),
      registry: this.#registry.facts(this.time, this.#gateway.running),
      history: structuredClone(this.#history),
      gateway: this.#gateway.facts(),
      companions: null,
      installId: this.installId,
    };
  }

  /** Runs the timer once; it does what was decided. */
  run(): { input: Input; decision: Decision } {
    const input = this.input();
    const decision = decide(input);
    this.clock = input.clock;
    if (decision.verdict === 'update') this.#apply(decision.version ?? '');
    return { input, decision };
  }

  happen(happening: Happening): void {
    switch (happening.kind) {
      case 'hold': {
        const { hours } = happening;
        this.#policy.hold = {
          until: hours === null ? null : new Date(this.time.now + hours * HOUR).toISOString(),
        };
        break;
      }
      case 'unhold':
        this.#policy.hold = null;
        this.#policy.breakerResetAt = this.time.stamp();
        this.#failures = 0;
        break;
      case 'pin':
        this.#policy.pins = [this.#gateway.running];
        break;
      case 'unpin':
        this.#policy.pins = [];
        break;
      case 'crash':
        this.#gateway.crash();
        break;
      case 'clock':
        this.time.putForward(happening.hours);
        break;
      case 'silence':
        this.#registry.silent = !this.#registry.silent;
        break;
      case 'off':
      case 'on':
        this.#policy.enabled = happening.kind === 'on';
        break;
      case 'unwell':
      case 'well':
        this.#gateway.healthy = happening.kind === 'well';
        break;
      case 'rollback':
        if (this.#gateway.previous !== null) {
          this.#wentBackByHand.add(this.#gateway.running);
          this.#byPerson('rollback', this.#gateway.previous);
        }
        break;
      case 'update': {
        const newest = this.#registry.newestAt(this.time.real);
        if (newest !== null && compareVersions(newest, this.#gateway.running) > 0) {
          this.#wentBackByHand.delete(newest);
          this.#byPerson('update', newest);
        }
      }
    }
  }

  /** Forgets the quarantine. */
  forgetFailures(): void {
    this.#policy.quarantine = {};
  }

  #byPerson(kind: 'rollback' | 'update', to: string): void {
    const from = this.#gateway.running;
    this.#gateway.become(to, kind === 'rollback' ? null : from);
    this.#record(kind, 'person', from, to, 'package_updated_restart_verified');
    this.#failures = 0;
  }

  #apply(version: string): void {
    const release = this.#registry.find(version);
    this.applied.push({ version, at: this.time.now, before: this.#before(release) });
    const from = this.#gateway.running;
    const attempts = (this.#attempts.get(version) ?? 0) + 1;
    this.#attempts.set(version, attempts);
    if (attempts <= release.flaky) {
      this.#failed.set(version, this.time.mark());
      this.#record('update', 'timer', from, version, 'package_update_failed');
    } else if (release.bad) {
      this.#failures++;
      this.#policy.quarantine[version] = {
        until: new Date(this.time.now + QUARANTINE_MS).toISOString(),
        points: 1,
      };
      this.#gateway.changed = this.time.mark();
      this.#record('update', 'timer', from, version, 'rolled_back');
    } else {
      this.#failures = 0;
      this.#taken.add(version);
      this.#gateway.become(version, from);
      this.#record('update', 'timer', from, version, 'package_updated_restart_verified');
    }
  }

  #record(kind: string, by: HistoryEntry['initiator'], from: string, to: string, status: string): void {
    const at = this.time.stamp();
    this.#history.push({
      id: `change-${this.#history.length}`,
      kind,
      initiator: by,
      from,
      to,
      status,
      startedAt: at,
      endedAt: at,
    });
  }

  #before(release: Release): Before {
    const { version } = release;
    const { hold, enabled, pins, quarantine } = this.#policy;
    return {
      running: this.#gateway.running,
      held: hold !== null && (hold.until === null || Date.parse(hold.until) > this.time.now),
      off: !enabled,
      unwell: !this.#gateway.healthy,
      silent: this.#registry.silent,
      pinned: pins.includes(this.#gateway.running),
      sinceChange: this.time.hoursSince(this.#gateway.changed),
      sinceProven: this.time.hoursSince(this.#gateway.proven),
      sinceRestart: this.time.hoursSince(this.#gateway.restarted),
      quarantinedUntil: Date.parse(quarantine[version]?.until ?? '') || 0,
      failuresInARow: this.#failures,
      failedAttempts: this.#attempts.get(version) ?? 0,
      sinceFailure: this.time.hoursSince(this.#failed.get(version) ?? null),
      personWentBack: this.#wentBackByHand.has(version),
      takenBefore: this.#taken.has(version),
      release,
      takenBack: [release.deprecatedAt, release.unpublishedAt].some(
        (at) => at !== null && at <= this.time.real,
      ),
    };
  }
}
