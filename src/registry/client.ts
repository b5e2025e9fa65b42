import { dirname, join } from 'node:path';
import querystring from 'node:querystring';
import Config from '@npmcli/config';
import npm from '@npmcli/config/lib/definitions/index.js';
import { ReleasesError } from '../core/errors.js';
import { homeDirectory } from '../host/user.js';
import { checkRegistryAddress } from './address.js';
import { type SigningKey, signingKeys } from './signing-keys.js';

/** npm's options and names, for pacote and arborist. Contain credentials: never print, log or pass as arguments. */
export interface ClientOptions {
  readonly registry: string;
  /** Content-addressable cache, shared with npm. */
  readonly cache: string;
  /** Keys that a signature is checked with. */
  readonly signingKeys: SigningKey[];
  readonly [option: string]: unknown;
}

export interface ClientOverrides {
  registry?: string;
  cache?: string;
  /** File of the operator with more keys than npm's. */
  keysFile?: string;
}

/**
 * Options for the connection. Options for the layout of a tree (`omit`, `install-strategy`, `legacy-peer-deps`)
 * are excluded: a release must be the same tree on every host.
 */
const CONNECTION = new Set([
  ...['registry', 'replaceRegistryHost', 'cache', 'offline', 'preferOffline', 'preferOnline'],
  ...['proxy', 'httpsProxy', 'noProxy', 'localAddress', 'maxSockets', 'userAgent', 'git'],
  ...['ca', 'cert', 'key', 'strictSSL', 'before', 'minReleaseAgeExclude', 'omitLockfileRegistryResolved'],
]);
/** `@scope:registry`, and settings of one registry, such as `//host/:_authToken`. */
const OF_ONE_REGISTRY = /^@[^:]+:registry$|^\/\//;

/** Shorter than npm's defaults (5 min; retries 10 to 60 s), to report a silent registry soon. */
const IDLE_TIMEOUT_MS = 30_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 5_000;

/**
 * Reads npm's configuration as npm does (environment, user and global npmrc), so mirrors, proxies, credentials and
 * certificates work. Skips a project's npmrc, because the working directory must not matter.
 * @throws ReleasesError `usage` for an invalid registry address, `registry_error` for an npmrc that npm refuses,
 *   `home_unknown`, `root_invalid` for a file of keys that cannot be used
 */
export async function loadClientOptions(overrides: ClientOverrides = {}): Promise<ClientOptions> {
  if (overrides.registry !== undefined) checkRegistryAddress(overrides.registry);
  const config = await load(overrides);
  const flat = flatten(config);
  const chosen = Object.entries(flat).filter(([key]) => CONNECTION.has(key) || OF_ONE_REGISTRY.test(key));
  const connection = withoutUserinfo(Object.fromEntries(chosen));
  const unset = (key: string) => config.find(key) === 'default';
  return {
    ...connection,
    registry: String(connection.registry),
    cache: String(flat.cache),
    signingKeys: signingKeys(overrides.keysFile),
    // Install scripts that call npm need both.
    userconfig: config.get('userconfig'),
    globalconfig: config.get('globalconfig'),
    timeout: unset('fetch-timeout') ? IDLE_TIMEOUT_MS : flat.timeout,
    retry: {
      ...(flat.retry as object),
      ...(unset('fetch-retry-mintimeout') && { minTimeout: RETRY_MIN_MS }),
      ...(unset('fetch-retry-maxtimeout') && { maxTimeout: RETRY_MAX_MS }),
    },
    // Exact lockfiles need the source of each package, so this overrides the user's npmrc.
    omitLockfileRegistryResolved: false,
  };
}

/**
 * Moves the user name and password of a registry's address to where npm looks for those of a host. So no address has
 * any, in a message, a lockfile or the environment of an install script.
 */
function withoutUserinfo(options: Record<string, unknown>): Record<string, unknown> {
  const moved: Record<string, unknown> = {};
  for (const [key, address] of Object.entries(options)) {
    if (!/^(@.*:)?registry$/.test(key) || !URL.canParse(String(address))) continue;
    const url = new URL(String(address));
    const user = [url.username, url.password].map((part) => querystring.unescape(part)).join(':');
    if (user === ':') continue;
    Object.assign(url, { username: '', password: '' });
    moved[key] = url.href;
    const auth = `//${url.host}${url.pathname}:_auth`;
    moved[auth] = options[auth] ?? Buffer.from(user).toString('base64');
  }
  return { ...options, ...moved };
}

async function load({ registry, cache }: ClientOverrides): Promise<Config> {
  const prefix = dirname(dirname(process.execPath));
  const config = new Config({
    ...npm,
    // The usual place of npm: distributions put their defaults into an npmrc there.
    npmPath: join(prefix, 'lib/node_modules/npm'),
    // `--global` makes npm skip the npmrc of the project.
    argv: [
      ...['node', 'npm', '--global'],
      ...(registry === undefined ? [] : [`--registry=${registry}`]),
      ...(cache === undefined ? [] : [`--cache=${cache}`]),
    ],
    // A copy, because loading writes into the environment.
    env: { ...process.env, HOME: homeDirectory() },
  });
  try {
    await config.load();
    config.validate();
    return config;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReleasesError('registry_error', `npm's configuration cannot be used: ${reason}`, {
      hint: 'npm config fix, then npm config list',
      cause,
    });
  }
}

/** Resets these variables, because npm sets them in `config.flat` and the caller's process must keep its own. */
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
