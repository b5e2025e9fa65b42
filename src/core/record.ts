import { isAbsent, LARGEST, readPlainFile, UnusableFile } from './bounded-file.js';
import { compiledSchema, type Validate } from './schemas.js';

/** Our JSON files, by the name of their schema in `layout/schemas/`. */
export type RecordKind =
  | 'release'
  | 'change'
  | 'policy'
  | 'progress'
  | 'registry-keys'
  | 'supervisor'
  | 'adopted'
  | 'adopted-files'
  | 'compatibility'
  | 'history'
  | 'gateway-cache'
  | 'restore'
  | 'restore-result'
  | 'kept-state'
  | 'file-list'
  | 'request'
  | 'system-units'
  | 'timer-state'
  | 'timer';

export interface Corrupt {
  /** Absolute. */
  path: string;
  /** Reason, to be read after the path: `is empty`. */
  why: string;
}

export type RecordResult<T> =
  | { state: 'missing' }
  | { state: 'corrupt'; why: string }
  | { state: 'ok'; value: T };

/** Bytes, where not `LARGEST`: a state may have a million files. */
const LARGEST_OF: Partial<Record<RecordKind, number>> = { 'file-list': 256 * 2 ** 20 };

/** Schemas load on demand: the schema of a change alone is two fifths of all. */
const compiled = new Map<RecordKind, Validate>();

/** Reason why a value is no record of this kind, to be read after its path, or null for a valid record. */
export function whyNot(kind: RecordKind, value: unknown): string | null {
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (Number.isInteger(schema) && schema !== 1) return `is of schema ${schema}, and this version knows 1`;
  const validate = compiled.get(kind) ?? compiledSchema(kind);
  compiled.set(kind, validate);
  if (validate(value)) return null;
  const { instanceLocation = '', keywordLocation = '' } = validate.errors?.[0] ?? {};
  const keyword = keywordLocation.split('/').at(-1);
  const how = keyword === 'required' ? 'is missing' : `does not fit (${keyword})`;
  return `has another shape: ${instanceLocation.slice(1) || 'it'} ${how}`;
}

/**
 * Reads one of our files. Writes nothing. Throws only for an error about this process, never for the content. A link
 * counts as corrupt, also where it leads to nothing.
 * @param id that the record must name: a copy under another name is not a record of that name
 */
export function readRecord<T>(path: string, kind: RecordKind, id?: string): RecordResult<T> {
  let text: string;
  try {
    text = readPlainFile(path, LARGEST_OF[kind] ?? LARGEST).toString();
  } catch (error) {
    if (error instanceof UnusableFile) return corrupt(error.why);
    if (isAbsent(error)) return { state: 'missing' };
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return corrupt(whyNotJson(text));
  }
  const wrong = whyNot(kind, value);
  if (wrong !== null) return corrupt(wrong);
  const named = (value as { id?: unknown }).id;
  if (id !== undefined && named !== id) return corrupt(`is about ${JSON.stringify(named)}, not ${id}`);
  return { state: 'ok', value: value as T };
}

function corrupt(why: string): { state: 'corrupt'; why: string } {
  return { state: 'corrupt', why };
}

function whyNotJson(text: string): string {
  if (text.trim() === '') return 'is empty';
  return /^\0+$/.test(text) ? 'holds nothing but zeros' : 'is not whole JSON';
}
