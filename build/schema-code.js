import { readdirSync, readFileSync } from 'node:fs';
import { validator } from '@exodus/schemasafe';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';

const schemas = new URL('../layout/schemas/', import.meta.url);

/** Of all files in `layout/schemas/`. */
export const SCHEMA_NAMES = readdirSync(schemas)
  .sort()
  .map((file) => file.replace('.schema.json', ''));

/** @param name of a file in `layout/schemas/` */
function readSchema(name) {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, schemas), 'utf8'));
}

/** As `schemaCode` of one name, a sixth as long: its function says whether a value is one, and not why not. */
export function quickSchemaCode(name) {
  // Strings have no formats here, and a value is what JSON can be.
  const check = validator(readSchema(name), {
    isJSON: true,
    requireSchema: false,
    allowUnusedKeywords: true,
  });
  return `module.exports = ${check.toModule()}`;
}

/**
 * The code that compares a value with `layout/schemas/<name>.schema.json`, as a CommonJS module with one function a name.
 * @param only these names; all of them unless given
 * @param edit is given each schema by its name, and gives back what is to be compiled
 */
export function schemaCode(only = SCHEMA_NAMES, edit = (_, schema) => schema) {
  // Not `strictTypes` and `strictRequired`: a branch of `oneOf` builds on what stands beside it.
  const ajv = new Ajv2020({
    code: { source: true, optimize: 2 },
    strictTypes: false,
    strictRequired: false,
  });
  const names = {};
  for (const name of only) {
    const schema = edit(name, readSchema(name));
    ajv.addSchema(schema);
    names[name] = schema.$id;
  }
  const code = standaloneCode.default(ajv, names);
  // What it would need at run time is a dependency of the build only.
  if (code.includes('require(')) throw new Error('A schema uses a keyword that needs ajv at run time.');
  return code;
}
