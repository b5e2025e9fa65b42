import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import runScript from '@npmcli/run-script';
import { ReleasesError } from '../../core/errors.js';
import type { ClientOptions } from '../../registry/client.js';
import type { ReleaseRuntime } from '../messages.js';

/** Marker from the publisher, removed by the package's own scripts; OpenClaw does not start while it exists. */
const PENDING_MARKER = '.openclaw-lifecycle-pending';
const EVENTS = ['preinstall', 'install', 'postinstall'];
const LINES_SHOWN = 5;

export interface ScriptedPackage {
  name: string;
  path: string;
}

/**
 * Runs install scripts one after the other, as npm would, on the release's Node. They get a separate home: 2026.5.28
 * removes plugin files from the home's state directory and writes an index there, and until the switch that state
 * belongs to the running release. Scripts inherit this process's environment, which must be clean.
 * @throws ReleasesError `lifecycle_failed`
 */
export async function runInstallScripts(
  packages: ScriptedPackage[],
  directory: string,
  runtime: ReleaseRuntime,
  options: ClientOptions,
  onDone: (done: number) => void,
): Promise<void> {
  const scratch = join(directory, '.install-scripts');
  const bin = join(scratch, 'bin');
  const place = { HOME: join(scratch, 'home'), TMPDIR: join(scratch, 'tmp') };
  try {
    for (const path of [bin, ...Object.values(place)]) mkdirSync(path, { recursive: true });
    // Scripts call `node`, but the file may have another name.
    symlinkSync(runtime.node, join(bin, 'node'));
    const env = {
      ...npmEnvironment(directory, runtime, options),
      ...place,
      PATH: `${bin}:${process.env.PATH}`,
    };
    for (const [index, { name, path }] of packages.entries()) {
      for (const event of EVENTS) await runOne(name, path, event, env);
      onDone(index + 1);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @throws ReleasesError `lifecycle_failed` when OpenClaw's own scripts left the marker */
export function checkUnlocked(packagePath: string): void {
  if (!existsSync(join(packagePath, PENDING_MARKER))) return;
  throw failed(`OpenClaw's install scripts ran and left ${PENDING_MARKER} behind, so it would not start.`);
}

async function runOne(name: string, path: string, event: string, env: Record<string, string>): Promise<void> {
  try {
    await runScript({ event, path, env, stdio: 'pipe', stdioString: true });
  } catch (cause) {
    const { code, signal, stderr, stdout } = cause as Record<string, unknown>;
    const how = signal ? `signal ${signal}` : `code ${code}`;
    throw failed(
      `The ${event} script of ${name} failed (${how}): ${lastLines(stderr) || lastLines(stdout)}`,
      cause,
    );
  }
}

function lastLines(output: unknown): string {
  const lines = stripVTControlCharacters(typeof output === 'string' ? output : '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.slice(-LINES_SHOWN).join(' / ');
}

function failed(message: string, cause?: unknown): ReleasesError {
  return new ReleasesError('lifecycle_failed', message, {
    hint: 'Look at what the script needs on this host, or stage another version.',
    cause,
  });
}

/** Variables that npm sets for install scripts; a script that calls npm gets the same configuration. */
function npmEnvironment(
  directory: string,
  { node, version }: ReleaseRuntime,
  { registry, cache, userconfig, globalconfig, userAgent }: ClientOptions,
): Record<string, string> {
  return {
    INIT_CWD: directory,
    NODE: node,
    npm_node_execpath: node,
    npm_config_registry: registry,
    npm_config_cache: dirname(cache),
    npm_config_userconfig: String(userconfig),
    npm_config_globalconfig: String(globalconfig),
    npm_config_user_agent: String(userAgent).replace(/node\/\S+/, `node/v${version.replace(/^v/, '')}`),
  };
}
