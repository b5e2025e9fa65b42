import { ReleasesError } from '../core/errors.js';

export type Field<T> = (value: unknown, name: string) => T;

export type Fields = Record<string, Field<unknown>>;

type Values<F extends Fields> = { [K in keyof F]?: ReturnType<F[K]> };

/** Characters shown of a refused value, which may be anything. */
const LONGEST_SHOWN = 60;

export function refuse(name: string, allowed: string, came: unknown, hint?: string): ReleasesError {
  return new ReleasesError('params_invalid', `${name} must be ${allowed}, and ${shown(came)} came.`, {
    ...(hint && { hint }),
  });
}

function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    // Nesting that exhausts the stack.
    text = typeof value;
  }
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** Refuses unknown parameters, as OpenClaw does: one may be misspelled. @throws ReleasesError `params_invalid` */
export function readFields<F extends Fields>(params: unknown, fields: F, method: string): Values<F> {
  if (params === undefined) return {};
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw refuse('params', `an object with the parameters of ${method}`, params);
  }
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (!Object.hasOwn(fields, name)) {
      const known = Object.keys(fields).join(', ');
      throw refuse(`A parameter of ${method}`, known === '' ? 'left out' : `one of ${known}`, name);
    }
    if (value !== undefined) values[name] = fields[name]?.(value, name);
  }
  return values as Values<F>;
}

/** @param most characters */
export function text(most: number): Field<string> {
  return (value, name) => {
    if (typeof value === 'string' && value.trim() !== '' && value.length <= most) return value.trim();
    throw refuse(name, `a string of 1 to ${most} characters`, value);
  };
}

/** Name of one of our files; must not lead out of its directory. */
export const id: Field<string> = (value, name) => {
  if (typeof value === 'string' && /^[0-9A-Za-z][0-9A-Za-z.+-]{0,199}$/.test(value)) return value;
  throw refuse(name, 'an id as an answer has it', value);
};

/** Reads a blank text as null, as OpenClaw does. @param most characters */
export function optionalText(most: number): Field<string | null> {
  return (value, name) => {
    if (typeof value === 'string' && value.length <= most) return value.trim() || null;
    throw refuse(name, `a string of at most ${most} characters`, value);
  };
}

export function integer(least: number, most: number, unit: string): Field<number> {
  return (value, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw refuse(name, `a whole number of ${unit} from ${least} to ${most}`, value);
  };
}

export const flag: Field<boolean> = (value, name) => {
  if (typeof value === 'boolean') return value;
  throw refuse(name, 'true or false', value);
};
