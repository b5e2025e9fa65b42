import { ReleasesError } from '../core/errors.js';

/** One parameter: gives its value, or throws what `refuse` makes. */
export type Field<T> = (value: unknown, name: string) => T;

export type Fields = Record<string, Field<unknown>>;

type Values<F extends Fields> = { [K in keyof F]?: ReturnType<F[K]> };

/** More than this of what came is not shown: it may be anything. */
const LONGEST_SHOWN = 60;

/**
 * What is wrong with one parameter: its name, what is allowed, and what came.
 * @param hint what to do instead; how to look at the method otherwise
 */
export function refuse(name: string, allowed: string, came: unknown, hint?: string): ReleasesError {
  return new ReleasesError('params_invalid', `${name} must be ${allowed}, and ${shown(came)} came.`, {
    ...(hint && { hint }),
    untouched: 'Nothing was changed.',
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/**
 * Reads the parameters of a method one by one. One that the method does not know is refused, as OpenClaw does: a
 * misspelled `skipDeferal` must not be a wait that nobody wanted.
 * @throws ReleasesError `params_invalid`
 */
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

/** The name of a file of ours, and no way out of its directory. */
export const id: Field<string> = (value, name) => {
  if (typeof value === 'string' && /^[0-9A-Za-z][0-9A-Za-z.+-]{0,199}$/.test(value)) return value;
  throw refuse(name, 'an id as an answer has it', value);
};

/** What says nothing is as if it were left out, which is how OpenClaw takes it. @param most characters */
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

export function oneOf<T extends string>(...values: T[]): Field<T> {
  return (value, name) => {
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    throw refuse(name, `one of ${values.join(', ')}`, value);
  };
}
