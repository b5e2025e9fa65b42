import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import { compareVersions, isStable, isVersion } from '../core/version.js';
import { waitUntil } from '../host/wait.js';
import { loadClientOptions } from '../registry/client.js';
import { readSchemas } from '../registry/package-json.js';
import { fetchPackument } from '../registry/packument.js';
import { ask } from '../registry/request.js';
import { makePlace, type Place } from './place.js';
import { answers, type Outage, Prober } from './prober.js';

const CLI = ownFile('dist/cli/main.cjs');

const READY_WITHIN_MS = 180_000;

/** Signals that end the demonstration early. Repeating them does not stop the cleanup. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Stages, runs, updates, verifies and rolls back real releases of OpenClaw in a temporary place. Leaves no process and
 * no file behind, also when interrupted.
 * @param cache of npm; by default it is removed with the place
 * @returns the exit code
 */
export async function runDemo(log: (line: string) => void, cache?: string): Promise<number> {
  const ending = new AbortController();
  const end = () => ending.abort();
  for (const signal of ENDING) process.on(signal, end);
  const place = await makePlace(cache);
  const demo = new Demo(place, ending.signal, log);
  try {
    await demo.play();
    return 0;
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    log('Interrupted.');
    return 130;
  } finally {
    await demo.end();
    place.remove();
    log('Nothing is left behind: no process, no file.');
  }
}

interface Running extends Promise<{ exitCode?: number | undefined }> {
  kill(signal: NodeJS.Signals): boolean;
}

class Demo {
  private readonly prober = new Prober();
  private readonly children = new Set<Running>();
  private readonly probing = new AbortController();
  private readonly url: string;
  private readonly interrupted: Promise<never>;

  constructor(
    private readonly place: Place,
    private readonly signal: AbortSignal,
    private readonly log: (line: string) => void,
  ) {
    this.url = `http://127.0.0.1:${place.port}`;
    this.interrupted = once(signal, 'abort').then(() => Promise.reject(signal.reason));
    // The signal may come while nothing awaits this promise; without a handler Node would exit.
    this.interrupted.catch(() => {});
  }

  async play(): Promise<void> {
    const [older, newer] = await this.pickVersions();
    this.log(`Everything below is in ${this.place.path}; the gateway will listen on ${this.url}.`);
    await this.command('stage', older);
    await this.command('switch', older, '--no-restart');
    const supervisor = this.start(['run'], { file: this.place.log, append: true });
    await Promise.race([this.untilReady(), this.endOf(supervisor)]).catch((error) => {
      if (!this.signal.aborted) this.log(readFileSync(this.place.log, 'utf8'));
      throw error;
    });
    const probing = this.prober.run(this.url, this.probing.signal);
    await this.command('stage', newer);
    const stage = this.prober.take();
    await this.command('update', newer);
    const update = this.prober.take();
    await this.command('list');
    await this.command('rollback');
    const rollback = this.prober.take();
    await this.command('list');
    await this.command('verify');
    await this.command('history');
    this.probing.abort();
    await probing;
    this.log(`\nSeconds without an answer, as seen by a prober that asked ${this.prober.requests} times:`);
    this.log(`  stage     ${describe(stage)}`);
    this.log(`  update    ${describe(update)}`);
    this.log(`  rollback  ${describe(rollback)}`);
  }

  /** Ends the children, the last started first: an active command still needs the supervisor to undo. */
  async end(): Promise<void> {
    this.probing.abort();
    for (const child of [...this.children].reverse()) {
      child.kill('SIGTERM');
      await child.catch(() => {});
    }
  }

  /** Picks the two newest stable releases with equal declared database versions: a rollback then needs no state. */
  private async pickVersions(): Promise<[older: string, newer: string]> {
    const { versions = {} } = await ask('openclaw', await loadClientOptions(), undefined, (options) =>
      fetchPackument('openclaw', options),
    );
    const stable = Object.entries(versions)
      .map(([version, manifest]) => ({ version, schemas: readSchemas(manifest) }))
      .filter(({ version, schemas }) => isVersion(version) && isStable(version) && schemas !== null);
    stable.sort((a, b) => compareVersions(b.version, a.version));
    for (const newer of stable) {
      const older = stable.find(
        ({ version, schemas }) =>
          compareVersions(version, newer.version) < 0 &&
          schemas?.state === newer.schemas?.state &&
          schemas?.agent === newer.schemas?.agent,
      );
      if (older) return [older.version, newer.version];
    }
    throw new ReleasesError(
      'version_not_found',
      'No two published releases declare equal database versions.',
    );
  }

  private async command(...args: string[]): Promise<void> {
    const command = this.start(args);
    const { exitCode } = await Promise.race([command, this.interrupted]);
    if (exitCode !== 0)
      throw new ReleasesError('internal', `openclaw-releases ${args.join(' ')} ended with ${exitCode}.`);
  }

  /** Starts a new session: Ctrl-C then reaches only this process, which ends its children in order. */
  private start(args: string[], output: 'inherit' | { file: string; append: true } = 'inherit'): Running {
    this.signal.throwIfAborted();
    this.log(`\n$ openclaw-releases ${args.join(' ')}`);
    const child: Running = execa(process.execPath, [CLI, ...args], {
      stdio: ['ignore', output, output],
      env: this.place.env,
      extendEnv: false,
      detached: true,
      // A rollback takes as long as the gateway takes to start.
      forceKillAfterDelay: false,
      reject: false,
    });
    this.children.add(child);
    void child.finally(() => this.children.delete(child));
    return child;
  }

  private async endOf(gateway: Running): Promise<never> {
    const { exitCode } = await gateway;
    throw new ReleasesError('supervisor_failed', `The supervisor ended with ${exitCode}.`);
  }

  private async untilReady(): Promise<void> {
    const begun = performance.now();
    const isReady = await waitUntil({ withinMs: READY_WITHIN_MS, signal: this.signal }, () =>
      answers(`${this.url}/readyz`),
    );
    if (!isReady) throw new ReleasesError('gateway_not_ready', 'The gateway did not become ready.');
    this.log(`The gateway is ready after ${duration(performance.now() - begun)}.`);
  }
}

function describe(outages: Outage[]): string {
  const spells = outages.map(({ ms }) => `${(ms / 1000).toFixed(2)} s`);
  return spells.length === 0 ? 'none' : spells.join(', then ');
}
