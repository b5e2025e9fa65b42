import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { freePort } from '../../src/host/port.js';
import { type Behaviour, openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { answerIn } from './answer-schema.js';
import { seedNode } from './node-copy.js';
import { type AtEnd, temporaryDirectory, until, writeTree } from './place.js';
import { slowness } from './slowness.js';

export const CLI = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));

/** Limits short enough for tests, and long enough for a slow machine; the defaults are in `plan.ts`. */
export const QUICK = ['--settle', '0.5', '--ready-timeout', String(3 * slowness)];

export interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** The document that `--json` printed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes
  json: any;
}

/** A host of its own: a root, a state directory and a port, and the real command to use them with. */
export interface BareWorld {
  path: string;
  root: string;
  port: number;
  url: string;
  env: Record<string, string>;
  /** The Node that the command runs on, and with it the supervisor and the releases. */
  node: string;
  /** Starts the built command with `--json`, for a test that will not let it end in peace. */
  begin(args: string[], env?: Record<string, string>): Begun;
  /** Runs the built command, with `--json`. */
  cli(...args: string[]): Promise<Answer>;
  /** Runs the built command, with `--json`, and fails the test unless it ends with 0. */
  ok(...args: string[]): Promise<Answer['json']>;
  /** Stages a version, makes it current, starts the supervisor and waits until the gateway is ready. */
  start(version: string, ...runOptions: string[]): Promise<RunningSupervisor>;
  /** Starts the supervisor and waits until the gateway is ready. */
  supervise(...runOptions: string[]): Promise<RunningSupervisor>;
  /** Starts the supervisor with more of an environment, which the launchers get from it. */
  superviseWith(env: Record<string, string>, ...runOptions: string[]): Promise<RunningSupervisor>;
  get(path: string): Promise<{ status: number; body: unknown } | null>;
  /** The version that answers on the port, or null. */
  version(): Promise<string | null>;
}

/** A world with a registry of miniature releases. */
export interface World extends BareWorld {
  registry: Registry;
  publish(version: string, behaviour?: Behaviour): void;
}

/** A command as a text about this world names it. */
export function typed({ root }: Pick<BareWorld, 'root'>, words: string): string {
  return `openclaw-releases --root ${root} ${words}`;
}

/** A running command. */
export interface Begun {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Answer>;
}

export interface WorldOptions {
  /** More of the environment that commands and the supervisor get. */
  env?: Record<string, string>;
  /** Place of the root, given the directory of the world: below it, so that its processes can be told. */
  rootIn?: (path: string) => string;
  /** Place of the state, likewise; asked for after the root. */
  stateIn?: (path: string) => string;
  /** The registry's clock, in milliseconds; this machine's unless given. */
  now?: () => number;
  /** False: the first release that is staged copies its Node into the root, which does not exist yet. */
  seeded?: boolean;
  /** The Node for all of it; this process's own unless given. Releases with databases need one with `node:sqlite`. */
  node?: string;
}

export interface RunningSupervisor {
  pid: number;
  stderr(): string;
  /** Everything that supervisor and gateway have printed. */
  log(): string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<{ exitCode?: number | undefined; signal?: string | undefined }>;
}

export async function makeWorld(
  atEnd: AtEnd = onTestFinished,
  {
    env: more = {},
    rootIn = (path) => join(path, 'root'),
    stateIn = (path) => join(path, 'state'),
    node = process.execPath,
    seeded = true,
    now,
  }: WorldOptions = {},
): Promise<World> {
  const registry = await startRegistry({ packumentMaxAge: 0, ...(now && { now }) });
  atEnd(() => registry.close());
  registry.publish(tinyDependency());
  const path = temporaryDirectory('world', atEnd);
  const port = await freePort();
  const root = rootIn(path);
  if (seeded) seedNode(root, node);
  const state = stateIn(path);
  writeTree(state, { 'openclaw.json': JSON.stringify({ gateway: { port, auth: { token: 'test' } } }) });
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: writeTree(join(path, 'home'), { '.npmrc': '' }),
    TMPDIR: writeTree(join(path, 'tmp'), { '.keep': '' }),
    // As this process: texts for people have local times.
    TZ: 'UTC',
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_RELEASES_ROOT: root,
    npm_config_registry: registry.url,
    npm_config_cache: join(path, 'npm-cache'),
    npm_config_fetch_retries: '0',
    // A candidate boot costs seconds, and what is tested here comes after it.
    OPENCLAW_RELEASES_PROBE: 'version',
    ...more,
  };

  return Object.assign(bareWorld({ path, root, port, env, node }, atEnd), {
    registry,
    publish(version: string, behaviour: Behaviour = {}) {
      registry.publish(openclawPackage(version, behaviour));
    },
  });
}

/** Milliseconds in which a supervised gateway is ready. */
const READY_WITHIN_MS = 20_000;

export interface StartOptions {
  readyWithinMs?: number;
  /** Called with the pid of each supervisor as it begins. */
  onSupervisor?: (pid: number) => void;
}

/** The commands of a world whose root, state and configuration exist. */
export function bareWorld(
  place: Pick<BareWorld, 'path' | 'root' | 'port' | 'env' | 'node'>,
  atEnd: AtEnd,
  { readyWithinMs = READY_WITHIN_MS, onSupervisor = () => {} }: StartOptions = {},
): BareWorld {
  const { port, env, node } = place;
  const url = `http://127.0.0.1:${port}`;
  const world: BareWorld = {
    ...place,
    url,
    begin(args, extra = {}) {
      const child = execa(node, [CLI, ...args, '--json'], {
        env: { ...env, ...extra },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });
      const ended = child.then(({ exitCode = -1, stdout, stderr }) => ({
        ...{ exitCode, stdout, stderr },
        json: answerIn(args, stdout),
      }));
      return { pid: child.pid ?? -1, kill: (signal) => void child.kill(signal), ended };
    },
    cli: (...args) => world.begin(args).ended,
    async ok(...args) {
      const { exitCode, json, stdout, stderr } = await world.cli(...args);
      if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}:\n${stdout}\n${stderr}`);
      return json;
    },
    async start(version, ...runOptions) {
      await world.ok('stage', version);
      await world.ok('switch', version, '--no-restart');
      return world.supervise(...runOptions);
    },
    supervise: (...runOptions) => world.superviseWith({}, ...runOptions),
    async superviseWith(extra, ...runOptions) {
      const child = execa(node, [CLI, 'run', ...runOptions], {
        env: { ...env, ...extra },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
        all: true,
        forceKillAfterDelay: false,
      });
      onSupervisor(child.pid ?? -1);
      let stderr = '';
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      let log = '';
      child.all.on('data', (chunk) => {
        log += chunk;
      });
      atEnd(async () => {
        child.kill('SIGTERM');
        await child;
      });
      const ready = async () => (await world.get('/readyz'))?.status === 200;
      await until('the supervised gateway is ready', ready, readyWithinMs).catch((error: Error) => {
        throw new Error(`${error.message}\n${log}`);
      });
      return {
        pid: child.pid ?? -1,
        stderr: () => stderr,
        log: () => log,
        kill: (signal) => void child.kill(signal),
        ended: child,
      };
    },
    async get(path) {
      const response = await fetch(url + path, {
        signal: AbortSignal.timeout(2_000),
        headers: { connection: 'close' },
      }).catch(() => null);
      return response && { status: response.status, body: await response.json().catch(() => null) };
    },
    async version() {
      return ((await world.get('/startupz'))?.body as { version?: string } | null)?.version ?? null;
    },
  };
  return world;
}
