import { readdirSync, readFileSync } from 'node:fs';
import { validator } from '@exodus/schemasafe';

const schemas = new URL('../layout/schemas/', import.meta.url);

/** Of all our files. */
export const SCHEMA_NAMES = readdirSync(schemas)
  .filter((file) => file.endsWith('.schema.json'))
  .sort()
  .map((file) => file.replace('.schema.json', ''));

/** @param name of a file in `layout/schemas/` */
function readSchema(name) {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, schemas), 'utf8'));
}

/**
 * The code that compares a value with `layout/schemas/<name>.schema.json`, as an expression that is a function.
 * @param edit is given the schema and its name, and gives back what is to be compiled
 */
export function schemaCode(name, edit = (schema) => schema) {
  const check = validator(edit(readSchema(name), name), {
    // A value is what JSON can be, and strings have no formats here.
    isJSON: true,
    includeErrors: true,
    requireSchema: false,
    allowUnusedKeywords: true,
  });
  return check.toModule({ semi: false });
}

/**
 * A plugin of esbuild: `core/schemas` has the code of the schemas inside, in place of finding it in files.
 * @param names of these schemas; all of them unless given
 */
export function schemasInside(names = SCHEMA_NAMES, edit = undefined) {
  return {
    name: 'schemas inside',
    setup({ onLoad }) {
      const members = names.map((name) => `'${name}': ${schemaCode(name, edit)}`);
      onLoad({ filter: /\/core\/schemas\.(js|ts)$/ }, () => ({
        contents: `const schemas = {${members.join(',\n')}}; export const compiledSchema = (name) => schemas[name];`,
      }));
    },
  };
}
