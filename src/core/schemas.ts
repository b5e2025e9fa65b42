import { createRequire } from 'node:module';
import { ownFile } from './own-files.js';

/** Code that the build generates from one file of `layout/schemas/`. */
export interface Validate {
  (value: unknown): boolean;
  /** Errors of the last call: JSON pointers after `#`, into the value and into the schema. */
  errors?: { instanceLocation: string; keywordLocation: string }[] | null;
}

/** Returns a compiled schema by file name; `build/bundle-restore.js` replaces this function. */
export function compiledSchema(name: string): Validate {
  return createRequire(import.meta.url)(ownFile(`dist/schemas/${name}.cjs`));
}
