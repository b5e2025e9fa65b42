/**
 * Compiles each `layout/schemas/*.schema.json` into a file of `dist/schemas/`. Compiling them at every start would cost
 * "openclaw-releases list" a sixth of its time, and what compiles them would have to be a dependency.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { SCHEMA_NAMES, schemaCode } from './schema-code.js';

const dist = new URL('../dist/schemas/', import.meta.url);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const name of SCHEMA_NAMES) {
  const source = `module.exports = ${schemaCode(name)}`;
  const { code } = transformSync(source, { minify: true, platform: 'node', target: 'node20' });
  writeFileSync(new URL(`${name}.cjs`, dist), code);
}
