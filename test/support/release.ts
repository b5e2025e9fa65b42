import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../src/store/manifest.js';
import type { Root } from '../../src/store/root.js';
import { sealRelease, type UnsealedManifest } from '../../src/store/seal.js';
import { writeTree } from './place.js';

/** Seals a tiny release that was never fetched from anywhere. */
export async function sealTinyRelease(
  root: Root,
  id: string,
  files: Record<string, string> = {},
  node = process.execPath,
): Promise<Manifest> {
  const staged = join(root.staging, `tiny-${id}`);
  mkdirSync(staged, { recursive: true });
  const main = 'node_modules/openclaw/openclaw.mjs';
  writeTree(staged, { [main]: `// ${id}\n`, main: `-> ${main}`, node: `-> ${node}`, ...files });
  return sealRelease(root, staged, { ...releaseManifest(id), main });
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
    runtime: { kind: 'host', version: process.versions.node, path: process.execPath },
    main: 'main.mjs',
    lockfileDigest: '',
    packages: 1,
    skippedScripts: [],
  };
}
