import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { statePath } from './state.js';

const DEFAULT_PORT = 18789;

function configPath(env) {
  return env.OPENCLAW_CONFIG_PATH || join(statePath(env), 'openclaw.json');
}

/** The configuration with the files that it includes; nothing when there is none. */
export function readConfig(env) {
  return existsSync(configPath(env)) ? include(configPath(env)) : {};
}

export const isConfigured = (env) => existsSync(configPath(env));

/** Writes a first configuration, with the port of the environment. */
export function setUp(env) {
  mkdirSync(dirname(configPath(env)), { recursive: true });
  writeFileSync(
    configPath(env),
    JSON.stringify({ gateway: { port: Number(env.OPENCLAW_GATEWAY_PORT), auth: { token: 'test' } } }),
  );
}

function include(path) {
  const load = (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { $include: files, ...own } = value;
    const loaded = Object.fromEntries(Object.entries(own).map(([key, item]) => [key, load(item)]));
    const included = [files ?? []].flat().map((file) => include(checked(resolve(dirname(path), file))));
    return [...included, loaded].reduce(merge, {});
  };
  return load(JSON.parse(readFileSync(path, 'utf8')));
}

/** OpenClaw refuses an included file with a second name. */
function checked(path) {
  if (statSync(path).nlink > 1)
    throw new Error(`Include file failed security checks (no hardlinks): ${path}`);
  return path;
}

function merge(first, second) {
  const isSection = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isSection(first) || !isSection(second)) return second;
  const both = Object.entries(second).map(([key, value]) => [
    key,
    key in first ? merge(first[key], value) : value,
  ]);
  return { ...first, ...Object.fromEntries(both) };
}

/** Address to listen on. `tailnet` is as without Tailscale. */
export function chooseHost(options, config) {
  const { bind, customBindHost } = config.gateway ?? {};
  const mode = options.bind ?? bind;
  if (mode === 'lan') return '0.0.0.0';
  return mode === 'custom' ? customBindHost : '127.0.0.1';
}

/** Key and certificate where the configuration turns TLS on, else null. */
export function chooseTls(config) {
  const { enabled, keyPath, certPath } = config.gateway?.tls ?? {};
  return enabled ? { key: readFileSync(keyPath), cert: readFileSync(certPath) } : null;
}

/** Leaves its version in the configuration, which older versions go by. */
export function touchConfig(version, env) {
  const config = existsSync(configPath(env)) ? JSON.parse(readFileSync(configPath(env), 'utf8')) : {};
  const next = `${configPath(env)}.${process.pid}`;
  writeFileSync(
    next,
    JSON.stringify({ ...config, meta: { ...config.meta, lastTouchedVersion: version } }, null, 2),
  );
  renameSync(next, configPath(env));
}

export function choosePort(options, env, config) {
  return Number(options.port ?? (env.OPENCLAW_GATEWAY_PORT || (config.gateway?.port ?? DEFAULT_PORT)));
}

/** One line for each start, so that a test can count starts it did not see; a full disk is no reason not to start. */
export function recordStart(version, env) {
  if (!env.OPENCLAW_STATE_DIR) return;
  const line = JSON.stringify({ version, pid: process.pid, at: Date.now() });
  try {
    mkdirSync(env.OPENCLAW_STATE_DIR, { recursive: true });
    appendFileSync(join(env.OPENCLAW_STATE_DIR, 'starts.jsonl'), `${line}\n`);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
}

const claimPath = (env) => join(env.OPENCLAW_STATE_DIR ?? '', 'claimed-by');

/** The one version that may use the state, or null when any may. */
export function stateClaimedBy(env) {
  return env.OPENCLAW_STATE_DIR && existsSync(claimPath(env)) ? readFileSync(claimPath(env), 'utf8') : null;
}

export function claimState(version, env) {
  if (env.OPENCLAW_STATE_DIR) writeFileSync(claimPath(env), version);
}
