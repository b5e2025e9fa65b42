import { createRequire } from 'node:module';

/** What the build makes of one file of `layout/schemas/`. */
export interface Validate {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string }[] | null;
}

/** Made by the build, at the same place seen from `src/` and from `dist/`. */
const COMPILED = '../dist/schemas.cjs';

/** The compiled schemas, by the name of their file. A program that is one file has them inside: see `build/bundle-restore.js`. */
export function compiledSchemas(): Record<string, Validate | undefined> {
  return createRequire(import.meta.url)(COMPILED);
}
