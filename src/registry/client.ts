import { dirname, join } from 'node:path';
import Config from '@npmcli/config';
import npm from '@npmcli/config/lib/definitions/index.js';
import { ReleasesError } from '../core/errors.js';

/**
 * How to talk to the registry: npm's own options, under npm's own names, for pacote and arborist. They hold
 * credentials: never print them, log them, or put them on a command line.
 */
export interface ClientOptions {
  readonly registry: string;
  /** The content-addressable cache, shared with npm. */
  readonly cache: string;
  readonly [option: string]: unknown;
}

export interface ClientOverrides {
  registry?: string;
  /** npm's cache directory, as `npm --cache` takes it. */
  cache?: string;
}

/**
 * The options that say how packages are reached. Those that say how a tree is laid out (`omit`, `install-strategy`,
 * `legacy-peer-deps`) are not among them: the same release must be the same tree for everyone.
 */
const CONNECTION = new Set([
  ...['registry', 'replaceRegistryHost', 'cache', 'offline', 'preferOffline', 'preferOnline'],
  ...['proxy', 'httpsProxy', 'noProxy', 'localAddress', 'maxSockets', 'userAgent', 'git'],
  ...['ca', 'cert', 'key', 'strictSSL', 'before', 'minReleaseAgeExclude', 'omitLockfileRegistryResolved'],
]);
/** `@scope:registry`, and what belongs to one registry, such as `//host/:_authToken`. */
const OF_ONE_REGISTRY = /^@[^:]+:registry$|^\/\//;

/** Shorter than npm's own (5 minutes and 10 to 60 s), so that a registry that does not answer is reported soon. */
const IDLE_TIMEOUT_MS = 30_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 5_000;

/**
 * Reads npm's configuration as npm does: environment, user and global npmrc, so that mirrors, proxies, credentials
 * and certificates just work. The npmrc of a project is not read: where the operator stands must not matter.
 * @throws ReleasesError `usage` for a registry that is not an address, `registry_error` for an npmrc that npm refuses
 */
export async function loadClientOptions(overrides: ClientOverrides = {}): Promise<ClientOptions> {
  if (overrides.registry !== undefined) checkAddress(overrides.registry);
  const config = await load(overrides);
  const flat = flatten(config);
  const chosen = Object.entries(flat).filter(([key]) => CONNECTION.has(key) || OF_ONE_REGISTRY.test(key));
  const unset = (key: string) => config.find(key) === 'default';
  return {
    ...Object.fromEntries(chosen),
    registry: String(flat.registry),
    cache: String(flat.cache),
    // For install scripts that call npm themselves.
    userconfig: config.get('userconfig'),
    globalconfig: config.get('globalconfig'),
    timeout: unset('fetch-timeout') ? IDLE_TIMEOUT_MS : flat.timeout,
    retry: {
      ...(flat.retry as object),
      ...(unset('fetch-retry-mintimeout') && { minTimeout: RETRY_MIN_MS }),
      ...(unset('fetch-retry-maxtimeout') && { maxTimeout: RETRY_MAX_MS }),
    },
    // Where each package came from is part of an exact lockfile, whatever the user's own projects do.
    omitLockfileRegistryResolved: false,
  };
}

async function load({ registry, cache }: ClientOverrides): Promise<Config> {
  const prefix = dirname(dirname(process.execPath));
  const config = new Config({
    ...npm,
    // Where npm itself usually is: distributions put their own defaults into an npmrc there.
    npmPath: join(prefix, 'lib/node_modules/npm'),
    // `--global` is how npm leaves out the project's npmrc.
    argv: [
      ...['node', 'npm', '--global'],
      ...(registry === undefined ? [] : [`--registry=${registry}`]),
      ...(cache === undefined ? [] : [`--cache=${cache}`]),
    ],
    // A copy, because loading writes what it found into the environment.
    env: { ...process.env },
  });
  try {
    await config.load();
    config.validate();
    return config;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReleasesError('registry_error', `npm's configuration cannot be used: ${reason}`, {
      hint: 'npm config fix, then npm config list',
      untouched: 'Nothing was changed.',
      cause,
    });
  }
}

/** npm's own flattening also sets these variables; whoever uses this as a library keeps what it had. */
function flatten(config: Config): Record<string, unknown> {
  const before = ['NODE_ENV', 'npm_config_user_agent'].map((name) => [name, process.env[name]] as const);
  try {
    return config.flat;
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

function checkAddress(registry: string): void {
  if (URL.canParse(registry) && /^https?:$/.test(new URL(registry).protocol)) return;
  throw new ReleasesError('usage', `${JSON.stringify(registry)} is not the address of a registry.`, {
    hint: 'Give an address that begins with https:// or http://.',
    untouched: 'Nothing was changed.',
  });
}
