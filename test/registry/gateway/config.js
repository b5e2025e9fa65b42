import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { statePath } from './state.js';

const DEFAULT_PORT = 18789;

function configPath(env) {
  return env.OPENCLAW_CONFIG_PATH || join(statePath(env), 'openclaw.json');
}

/** The configuration file; nothing when there is none. */
export function readConfig(env) {
  try {
    return JSON.parse(readFileSync(configPath(env), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Leaves its version in the configuration, which older versions go by. */
export function touchConfig(version, env) {
  const config = readConfig(env);
  const next = `${configPath(env)}.${process.pid}`;
  writeFileSync(
    next,
    JSON.stringify({ ...config, meta: { ...config.meta, lastTouchedVersion: version } }, null, 2),
  );
  renameSync(next, configPath(env));
}

export function choosePort(args, env, config) {
  const { values } = parseArgs({ args, options: { port: { type: 'string' } }, strict: false });
  return Number(values.port ?? (env.OPENCLAW_GATEWAY_PORT || (config.gateway?.port ?? DEFAULT_PORT)));
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
