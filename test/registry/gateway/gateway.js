import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { getPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { consumeIntent, createAdmission } from './admission.js';
import {
  chooseHost,
  choosePort,
  chooseTls,
  claimState,
  isConfigured,
  readConfig,
  recordStart,
  stateClaimedBy,
  touchConfig,
} from './config.js';
import { loadPlugins } from './loaded-plugins.js';
import { installedVersions } from './plugins.js';
import { readiness } from './readiness.js';
import { answerSockets } from './socket.js';
import { openState } from './state.js';

const CHUNKS = '__CHUNKS__'.split(' ');
const SHUTDOWN_CHUNK = '__SHUTDOWN_CHUNK__';
const EXIT_CONFIGURATION = 78;

function log(message) {
  console.error(`[gateway] ${message}`);
}

function refuseToStart(message) {
  log(message);
  process.exit(EXIT_CONFIGURATION);
}

async function loadDependencies(packageRoot) {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8'));
  for (const name of Object.keys(dependencies)) await import(name);
}

/** Imitates an agent's shell: a command of its own below the gateway, not waited for. */
function runShell(command) {
  const { pid } = spawn('/bin/sh', ['-c', command], { stdio: 'ignore' });
  return [200, { pid }];
}

/** The answer to each path, as a status and a body. */
function createAnswers({ version, behaviour, config, uptimeMs, state, knowledge, admission }) {
  const reported = behaviour.answersVersion ?? version;
  const status = () => readiness(behaviour, uptimeMs(), state.draining, admission?.isClosed());
  const notFound = [404, { error: 'not found' }];

  async function work(number) {
    const file = CHUNKS[number];
    if (file === undefined) return notFound;
    if (state.draining) return [503, { error: 'draining' }];
    try {
      const chunk = await import(new URL(file, import.meta.url).href);
      return [200, { core: version, chunk: chunk.version, shared: chunk.shared }];
    } catch (error) {
      log(`failed to load ${file}: ${error.message}`);
      return [500, { error: error.code ?? error.name, message: error.message }];
    }
  }

  return async ({ method, url, headers }) => {
    const { pathname, searchParams } = new URL(url, 'http://gateway');
    if (pathname === '/healthz') return [200, { ok: true, status: 'live' }];
    if (pathname === '/readyz') {
      const { ready, failing } = status();
      return [ready ? 200 : 503, { ready, failing, uptimeMs: uptimeMs() }];
    }
    if (pathname === '/startupz' && behaviour.startupz !== false) {
      const { ready, phase } = status();
      const progress = ready ? { status: 'started' } : { status: 'starting', phase };
      return [200, { ok: true, ...progress, version: reported, uptimeMs: uptimeMs() }];
    }
    if (pathname === '/__openclaw/control-ui-config.json') {
      const token = config.gateway?.auth?.token;
      const allowed = token !== undefined && headers.authorization === `Bearer ${token}`;
      return allowed ? [200, { serverVersion: reported }] : [401, { error: 'unauthorized' }];
    }
    if (pathname === '/said') return [200, { device: knowledge.device(), said: knowledge.said() }];
    if (pathname === '/say' && method === 'POST') {
      knowledge.say(searchParams.get('text'));
      return [200, { ok: true }];
    }
    if (pathname === '/shell') return runShell(searchParams.get('command'));
    const number = pathname.match(/^\/work\/(\d+)$/)?.[1];
    return number === undefined ? notFound : work(Number(number));
  };
}

async function shutDown(server) {
  server.close();
  server.closeAllConnections();
  try {
    await import(new URL(SHUTDOWN_CHUNK, import.meta.url).href);
  } catch (error) {
    log(`shutdown: ${error.message}`);
  }
  process.exit(0);
}

/** Starts the gateway and resolves once it listens. */
export async function startGateway({ version, behaviour, options, packageRoot }) {
  process.title = 'openclaw-gateway';
  const startedAt = performance.now();
  const uptimeMs = () => Math.round(performance.now() - startedAt);
  recordStart(version, process.env);
  const claimedBy = stateClaimedBy(process.env) ?? version;
  if (claimedBy !== version) throw new Error(`the state was written by ${claimedBy}`);
  if (behaviour.claimsState) claimState(version, process.env);
  const knowledge = await openState({ version, behaviour, env: process.env, packageRoot }).catch((error) => {
    if (error.newerData) refuseToStart(`failed to start: ${error.message}`);
    throw error;
  });
  if (behaviour.touchesConfig) touchConfig(version, process.env);
  if (behaviour.needsConfig && !isConfigured(process.env))
    refuseToStart('Missing config. Run openclaw setup');
  if (behaviour.exitCode78) refuseToStart('the state was written by a newer version');
  if (behaviour.refusesToWait && getPriority() > 0) refuseToStart('it was too late for its own lease');
  const { crashesWhile, crashesOnce, isLateOnce } = behaviour;
  if (isLateOnce && existsSync(isLateOnce)) {
    while (process.cpuUsage().user < 500_000);
    rmSync(isLateOnce);
    // Counts from the start of the process.
    if (performance.now() > 3_000) refuseToStart('it was too late for its own lease');
  }
  if (crashesOnce && existsSync(crashesOnce)) {
    rmSync(crashesOnce);
    throw new Error('crashed, this once');
  }
  if (crashesWhile && existsSync(crashesWhile)) throw new Error(`crashed, since ${crashesWhile} is there`);
  if (behaviour.crashAtStart) throw new Error('crashed at start, as it was asked to');
  const { crashesWith = {} } = behaviour.plugins ?? {};
  for (const [id, installed] of Object.entries(installedVersions(process.env))) {
    if (crashesWith[id] === installed) throw new Error(`crashed, since ${id} is ${installed}`);
  }
  await loadDependencies(packageRoot);

  let config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    refuseToStart(`the configuration cannot be read: ${error.message}`);
  }
  const state = { draining: false };
  const admission = behaviour.drains ? createAdmission(process.env) : null;
  const answer = createAnswers({ version, behaviour, config, uptimeMs, state, knowledge, admission });
  const plugins = await loadPlugins({ config, version });
  const answerRequest = async (request, response) => {
    if (await plugins.answer(request, response)) return;
    const [status, body] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const tls = chooseTls(config);
  const server = tls ? createSecureServer(tls, answerRequest) : createServer(answerRequest);

  if (behaviour.tellsActivity) answerSockets(server, config, process.env, admission, behaviour);

  const stop = () => {
    const restarts = behaviour.drains ? admission.isArmed() : consumeIntent(process.env);
    log(`received SIGTERM; ${restarts ? 'restarting' : 'shutting down'}`);
    if (behaviour.drainForever) state.draining = true;
    else if (!behaviour.ignoreSigterm) void shutDown(server);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  if (behaviour.slowStartMs) await delay(behaviour.slowStartMs / 5);
  const host = behaviour.listensOn ?? chooseHost(options, config);
  server.listen(choosePort(options, process.env, config), host);
  await once(server, 'listening');
  plugins.start();
  const scheme = tls ? 'https' : 'http';
  console.log(`[gateway] listening on ${scheme}://${host}:${server.address().port}/ (pid ${process.pid})`);

  if (behaviour.crashAfterMs !== undefined) {
    setTimeout(() => {
      log('crashed while running, as it was asked to');
      process.exit(1);
    }, behaviour.crashAfterMs);
  }
}
