import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CountingProxy, startProxy } from '../registry/proxy.js';
import type { PackageFiles } from '../registry/tarball.js';
import type { World } from './world.js';

/** A package with nothing but its manifest and these files. */
export function plain(name: string, version: string, files: PackageFiles['files'] = {}): PackageFiles {
  return { name, version, files: { 'package.json': JSON.stringify({ name, version }), ...files } };
}

/** A Node that says another version, and is the one of this process besides. */
export function nodePackage(version: string): PackageFiles {
  const name = `node-${process.platform}-${process.arch}`;
  const text = `#!/bin/sh\n[ "$1" = --version ] && [ $# = 1 ] && exec echo v${version}\nexec '${process.execPath}' "$@"\n`;
  return plain(name, version, { 'bin/node': { text, mode: 0o755 } });
}

/** Writes npm's configuration of the user of a world. */
export function npmrc(world: World, ...lines: string[]): void {
  writeFileSync(join(world.path, 'home/.npmrc'), `${lines.join('\n')}\n`);
}

/** A proxy that counts, until the test ends. */
export async function proxyTo(hosts: Record<string, string> = {}): Promise<CountingProxy> {
  const proxy = await startProxy(hosts);
  onTestFinished(() => proxy.close());
  return proxy;
}
