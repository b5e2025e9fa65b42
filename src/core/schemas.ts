import { createRequire } from 'node:module';
import { ownFile } from './own-files.js';

/** What the build makes of one file of `layout/schemas/`. */
export interface Validate {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string }[] | null;
}

/**
 * Whether a value is what a schema says, from a sixth of the code: most of what a start reads is as it should be.
 * @throws Error for a name that the build knows no schema of
 */
export function quickSchema(name: string): (value: unknown) => boolean {
  return createRequire(import.meta.url)(ownFile(`dist/schemas/${name}.quick.cjs`));
}

/**
 * A compiled schema, by the name of its file. A program that is one file has them inside: see `build/bundle-restore.js`.
 * @throws Error for a name that the build knows no schema of
 */
export function compiledSchema(name: string): Validate {
  return createRequire(import.meta.url)(ownFile(`dist/schemas/${name}.cjs`))[name];
}
