import { createRequire } from 'node:module';
import { ownFile } from './own-files.js';

/** Code that the build generates from one file of `layout/schemas/`. */
export interface Validate {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string }[] | null;
}

/** Returns a check without reasons, a sixth of the code of `compiledSchema`: most records are valid. */
export function quickSchema(name: string): (value: unknown) => boolean {
  return createRequire(import.meta.url)(ownFile(`dist/schemas/${name}.quick.cjs`));
}

/** Returns a compiled schema by file name; `build/bundle-restore.js` replaces this function. */
export function compiledSchema(name: string): Validate {
  return createRequire(import.meta.url)(ownFile(`dist/schemas/${name}.cjs`))[name];
}
