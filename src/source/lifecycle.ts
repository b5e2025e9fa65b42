import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import runScript from '@npmcli/run-script';
import { ReleasesError } from '../errors.js';
import type { ReleaseRuntime } from './orders.js';

/** Left in the package by its publisher, and removed by its own scripts: while it is there nothing of it starts. */
const PENDING_MARKER = '.openclaw-lifecycle-pending';
const EVENTS = ['preinstall', 'install', 'postinstall'];
const LINES_SHOWN = 5;

/** A package whose install scripts are to be run. */
export interface ScriptedPackage {
  name: string;
  /** Absolute. */
  path: string;
}

/**
 * Runs the install scripts of packages, one after the other, as npm would, on the release's own Node. This process
 * must have a clean environment: they inherit it.
 * @param directory of the release
 * @param userAgent as npm calls itself; some packages look at it
 * @throws ReleasesError `lifecycle_failed`
 */
export async function runInstallScripts(
  packages: ScriptedPackage[],
  directory: string,
  runtime: ReleaseRuntime,
  userAgent: string,
  onDone: (done: number) => void,
): Promise<void> {
  const bin = provideNode(directory, runtime.node);
  try {
    const env = scriptEnvironment(directory, bin.path, runtime, userAgent);
    for (const [index, { name, path }] of packages.entries()) {
      for (const event of EVENTS) await runOne(name, path, event, env);
      onDone(index + 1);
    }
  } finally {
    bin.remove();
  }
}

/** @throws ReleasesError `lifecycle_failed` when OpenClaw's own scripts left it locked */
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
    untouched: 'Nothing that runs was changed.',
    cause,
  });
}

/** A directory in which the release's Node is called `node`, whatever its file is called. */
function provideNode(directory: string, node: string): { path: string; remove(): void } {
  if (basename(node) === 'node') return { path: dirname(node), remove: () => {} };
  const path = join(directory, '.node-for-scripts');
  mkdirSync(path, { recursive: true });
  symlinkSync(node, join(path, 'node'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function scriptEnvironment(
  directory: string,
  bin: string,
  { node, version }: ReleaseRuntime,
  userAgent: string,
): Record<string, string> {
  return {
    PATH: [bin, process.env.PATH].filter(Boolean).join(delimiter),
    INIT_CWD: directory,
    NODE: node,
    npm_node_execpath: node,
    npm_config_user_agent: userAgent.replace(/node\/\S+/, `node/v${version.replace(/^v/, '')}`),
  };
}
