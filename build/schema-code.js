import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { validator } from '@exodus/schemasafe';
import { transformSync } from 'esbuild';

const schemas = new URL('../layout/schemas/', import.meta.url);

/** Schemas of all our files. */
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
 * @param includeErrors false: the function does not say what is wrong, and is a third as long
 */
export function schemaCode(name, edit = (schema) => schema, includeErrors = true) {
  const check = validator(edit(readSchema(name), name), {
    // A value is what JSON can be, and strings have no formats here.
    isJSON: true,
    includeErrors,
    requireSchema: false,
    // Half of the code would ask for each member if it is the value's own.
    unmodifiedPrototypes: true,
    allowUnusedKeywords: true,
  });
  return check.toModule({ semi: false });
}

/**
 * A plugin of esbuild: `core/schemas` has short code of these schemas inside, and finds in a file what says what is wrong.
 */
export function shortSchemasInside(names) {
  const codes = names.map((name) => {
    const code = `(${schemaCode(name, undefined, false)})`;
    return `'${name}': ${transformSync(code, { minify: true, target: 'node20' }).code.replace(/;\s*$/, '')}`;
  });
  return {
    name: 'short schemas inside',
    setup({ onLoad }) {
      onLoad({ filter: /\/core\/schemas\.js$/ }, ({ path }) => ({
        contents: `
import { ownFile } from './own-files.js';
const fits = {${codes.join(',\n')}};
export const compiledSchema = (name) => {
  const validate = (value) => {
    if (fits[name]?.(value)) return true;
    const whole = require(ownFile('dist/schemas/' + name + '.cjs'));
    const found = whole(value);
    validate.errors = whole.errors;
    return found;
  };
  return validate;
};`,
        resolveDir: dirname(path),
      }));
    },
  };
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
