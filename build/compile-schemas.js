/**
 * Compiles `layout/schemas/*.schema.json` into `dist/schemas.cjs`. Compiling them at every start would cost
 * "openclaw-releases list" a sixth of its time, and what compiles them would have to be a dependency.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';

const schemas = new URL('../layout/schemas/', import.meta.url);
const dist = new URL('../dist/', import.meta.url);

// Not `strictTypes` and `strictRequired`: a branch of `oneOf` builds on what stands beside it.
const ajv = new Ajv2020({
  code: { source: true, optimize: 2 },
  strictTypes: false,
  strictRequired: false,
});
const names = {};
for (const file of readdirSync(schemas).sort()) {
  const schema = JSON.parse(readFileSync(new URL(file, schemas), 'utf8'));
  ajv.addSchema(schema);
  names[file.replace('.schema.json', '')] = schema.$id;
}
const code = standaloneCode.default(ajv, names);
// What it would need at run time is a dependency of the build only.
if (code.includes('require(')) throw new Error('A schema uses a keyword that needs ajv at run time.');
mkdirSync(dist, { recursive: true });
writeFileSync(new URL('schemas.cjs', dist), code);
