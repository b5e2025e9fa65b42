import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Manifest } from '../../src/store/manifest.js';
import type { Root } from '../../src/store/root.js';
import { describeRuntime, runtimeLink, runtimeNode } from '../../src/store/runtimes.js';
import { sealRelease, type UnsealedManifest } from '../../src/store/seal.js';
import { writeTree } from './place.js';

/** Version of the Node of tiny releases. */
export const TINY_NODE = process.versions.node;

/** Seals a tiny release that was never fetched from anywhere. Its Node is a script that starts this process's. */
export async function sealTinyRelease(
  root: Root,
  id: string,
  files: Record<string, string> = {},
  more: Partial<UnsealedManifest> = {},
): Promise<Manifest> {
  makeTinyNode(root);
  const staged = join(root.staging, `tiny-${id}`);
  mkdirSync(staged, { recursive: true });
  const main = 'node_modules/openclaw/openclaw.mjs';
  const about = { ...releaseManifest(id), main, runtime: describeRuntime(root, TINY_NODE), ...more };
  writeTree(staged, {
    [main]: `// ${id}\n`,
    main: `-> ${main}`,
    node: `-> ${about.runtime.path}`,
    ...files,
  });
  return sealRelease(root, staged, about);
}

/** Makes a script that starts this process's Node, for a test that does not look at what runs. */
export function makeTinyNode(root: Root, version = TINY_NODE): string {
  const node = runtimeNode(root, version);
  if (existsSync(node)) return node;
  mkdirSync(dirname(node), { recursive: true });
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  return node;
}

/** Details of a release that was never fetched from anywhere. */
export function releaseManifest(id: string): UnsealedManifest {
  return {
    id,
    version: id,
    spec: id,
    integrity: 'sha512-tiny',
    signature: 'absent',
    engines: null,
    schemas: null,
    runtime: { version: TINY_NODE, path: runtimeLink(TINY_NODE) },
    main: 'main.mjs',
    lockfileDigest: '',
    packages: 1,
    skippedScripts: [],
  };
}
