import { readFileSync } from 'node:fs';
import { afterEach, beforeEach } from 'vitest';
import { type InstallRequest, installRelease } from '../../src/install/install.js';
import { resolveRelease } from '../../src/registry/resolve.js';
import type { Spec } from '../../src/registry/spec.js';
import { type Behaviour, openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import type { PackageFiles } from '../registry/tarball.js';
import { makePlace, type Place } from './source-place.js';

export const VERSION = '2026.6.1';

export let registry: Registry;
export let place: Place;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
  registry.publish(tinyDependency());
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

export const release = (...names: string[]) => place.path('release', ...names);

export async function requestFor(spec: Spec): Promise<InstallRequest> {
  const options = await place.options(registry.url);
  return {
    resolved: await resolveRelease(spec, options),
    directory: release(),
    runtime: { node: process.execPath, version: process.versions.node },
    allowScripts: [],
    lockfile: null,
    isOwnLockfile: false,
    installed: null,
    kept: [],
    share: 'auto',
    options,
  };
}

/** Publishes a version, resolves it, and installs it. */
export async function install(behaviour: Behaviour = {}, rest: Partial<InstallRequest> = {}) {
  registry.publish(openclawPackage(VERSION, behaviour));
  return installRelease({ ...(await requestFor({ kind: 'version', version: VERSION })), ...rest });
}

export function json(...names: string[]) {
  return JSON.parse(readFileSync(release(...names), 'utf8'));
}

/** A version of OpenClaw whose scripts are these; `{node}` starts one of its own files with the release's Node. */
export function scripted(scripts: Record<string, string>, files: Record<string, string> = {}): PackageFiles {
  const pkg = openclawPackage(VERSION);
  const manifest = JSON.parse(String(pkg.files['package.json']));
  manifest.scripts = { ...manifest.scripts, ...scripts };
  return { ...pkg, files: { ...pkg.files, ...files, 'package.json': JSON.stringify(manifest) } };
}

/** Closes the registry; a new one takes its place, elsewhere. */
export async function replaceRegistry(): Promise<void> {
  const { close } = registry;
  await close();
  registry = await startRegistry();
}
