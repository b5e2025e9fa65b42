import { ReleasesError } from '../core/errors.js';

export type Field<T> = (value: unknown, name: string) => T;

export type Fields = Record<string, Field<unknown>>;

export type Values<F extends Fields> = { [K in keyof F]?: ReturnType<F[K]> };

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

/** @param accept gives undefined for a value that is not allowed */
export function field<T>(allowed: string, accept: (value: unknown) => T | undefined): Field<T> {
  return (value, name) => {
    const accepted = accept(value);
    if (accepted === undefined) throw refuse(name, allowed, value);
    return accepted;
  };
}

const ifText = (value: unknown, most: number) =>
  typeof value === 'string' && value.length <= most ? value.trim() : undefined;

export const text = (most: number) =>
  field(`a string of 1 to ${most} characters`, (value) => ifText(value, most) || undefined);

/** Reads a blank text as null, as OpenClaw does. @param most characters */
export const optionalText = (most: number) =>
  field(`a string of at most ${most} characters`, (value) => {
    const given = ifText(value, most);
    return given === '' ? null : given;
  });

const ID = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,199}$/;

/** Name of one of our files; must not lead out of its directory. */
export const id = field('an id as an answer has it', (value) =>
  typeof value === 'string' && ID.test(value) ? value : undefined,
);

export const integer = (least: number, most: number, unit: string) =>
  field(`a whole number of ${unit} from ${least} to ${most}`, (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : undefined,
  );

export const flag = field('true or false', (value) => (typeof value === 'boolean' ? value : undefined));

export const RELEASE = { release: text(128) };
