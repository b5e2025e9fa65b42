import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rootAt } from '../../src/store/root.js';
import { runtimeNode } from '../../src/store/runtimes.js';

/** Names the directory with one copy of each Node; `lanes/setup.ts` makes it and removes it. */
export const NODES_VARIABLE = 'OPENCLAW_RELEASES_TEST_NODES';

/** Makes that directory. Returns its removal. */
export function makeNodes(): () => void {
  if (process.env[NODES_VARIABLE]) return () => {};
  const path = mkdtempSync(join(tmpdir(), 'openclaw-releases-nodes-'));
  process.env[NODES_VARIABLE] = path;
  return () => {
    delete process.env[NODES_VARIABLE];
    rmSync(path, { recursive: true, force: true });
  };
}

/**
 * Puts a Node below `runtimes` of a root, as a second name of one copy: a Node is 100 MB, and a release of a test a few
 * hundred bytes. A test that damages it replaces the file, and never writes into it. Where no second name can be made,
 * staging copies the Node as it does everywhere.
 * @returns its version
 */
export function seedNode(root: string, node = process.execPath): string {
  const version = versionOf(node);
  const place = runtimeNode(rootAt(root), version);
  if (existsSync(place)) return version;
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  try {
    linkSync(copyOf(node, version), place);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    rmSync(dirname(dirname(place)), { recursive: true });
  }
  return version;
}

function copyOf(node: string, version: string): string {
  // A program outside of vitest ends without `lanes/setup.ts`.
  if (!process.env[NODES_VARIABLE]) process.once('exit', makeNodes());
  const copy = join(process.env[NODES_VARIABLE] ?? '', version);
  if (existsSync(copy)) return copy;
  const partial = `${copy}.${process.pid}`;
  copyFileSync(node, partial);
  renameSync(partial, copy);
  return copy;
}

const versions = new Map([[process.execPath, process.versions.node]]);

function versionOf(node: string): string {
  const known = versions.get(node);
  if (known !== undefined) return known;
  const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  versions.set(node, version);
  return version;
}

/** A program of a few bytes that answers as Node does when it is asked which one it is. */
export function answeringNode(version: string): string {
  const self = { path: `/opt/node-${version}/bin/node`, version, shared: [] };
  return `#!/bin/sh\n[ "$1" = --version ] && exec echo v${version}\necho '${JSON.stringify(self)}'\n`;
}
