import { ReleasesError } from '../core/errors.js';

/** Program outside of the gateway's processes, so that it outlives a restart. */
export interface OutsideProgram {
  /** Name of the unit or the log; contains the id of a change. */
  name: string;
  argv: string[];
  env: Record<string, string>;
}

/** Valid as a unit name and as a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

function isText(value: unknown): value is string {
  // A NUL ends a string in the kernel.
  return typeof value === 'string' && !value.includes('\0');
}

/** Checks a program that any local program of this user may request. @throws ReleasesError `usage` */
export function parseProgram({ name, argv, env }: Record<string, unknown>): OutsideProgram {
  const refuse = (sentence: string) => new ReleasesError('usage', sentence);
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw refuse('The name must be 1 to 100 letters, digits, dots, dashes and underscores.');
  }
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((arg) => isText(arg) && arg !== '')) {
    throw refuse('argv must be a list of strings, none of them empty.');
  }
  if (typeof env !== 'object' || env === null || Array.isArray(env)) throw refuse('env must be an object.');
  if (!Object.entries(env).every(([key, value]) => isText(value) && /^[^=\0]+$/.test(key))) {
    throw refuse('env must hold strings under the names of variables.');
  }
  return { name, argv, env: env as Record<string, string> };
}
