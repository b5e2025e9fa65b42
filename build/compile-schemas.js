/**
 * Compiles each `layout/schemas/*.schema.json` into two files of `dist/schemas/`: one that says what is wrong, and one
 * that is loaded in its place as long as nothing is. Compiling them at every start would cost
 * "openclaw-releases list" a sixth of its time, and what compiles them would have to be a dependency.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { quickSchemaCode, SCHEMA_NAMES, schemaCode } from './schema-code.js';

const dist = new URL('../dist/schemas/', import.meta.url);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const name of SCHEMA_NAMES) {
  for (const [file, source] of [
    [`${name}.cjs`, schemaCode([name])],
    [`${name}.quick.cjs`, quickSchemaCode(name)],
  ]) {
    const { code } = transformSync(source, { minify: true, platform: 'node', target: 'node20' });
    writeFileSync(new URL(file, dist), code);
  }
}
