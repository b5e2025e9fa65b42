import { isAbsent, LARGEST, readPlainFile, UnusableFile } from './bounded-file.js';
import { crc32 } from './crc32.js';
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
  | 'scrub'
  | 'kept-state'
  | 'file-list'
  | 'pack'
  | 'request'
  | 'system-units'
  | 'timer-state'
  | 'timer'
  | 'yanked';

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

/** Last line of a record: a flipped bit can leave it a record that says something else. */
const CHECKSUM = /,\n *"checksum": "([0-9a-f]{8})"\n?\}\n$/;
/** Characters; more than that line has. */
const CHECKSUM_LINE = 50;

/** Text of a record with its checksum. @param spaces of indentation; 0 for a record that only programs read */
export function recordText(record: object, spaces = 2): string {
  const text = JSON.stringify(record, null, spaces);
  const body = text.slice(0, spaces > 0 ? -2 : -1);
  const [indent, end] = spaces > 0 ? [' '.repeat(spaces), '\n}\n'] : ['', '}\n'];
  return `${body},\n${indent}"checksum": "${crc32(body)}"${end}`;
}

/** Content of a record without its checksum; null where it has another checksum. A record of before has none. */
function checkedText(text: string): string | null {
  const [line, checksum] = CHECKSUM.exec(text.slice(-CHECKSUM_LINE)) ?? [];
  if (line === undefined) return text;
  const body = text.slice(0, -line.length);
  return crc32(body) === checksum ? `${body}}` : null;
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
  return parseRecord(text, kind, id);
}

/** Parses the text of a record; never throws, and never finds it missing. @param id as for `readRecord` */
export function parseRecord<T>(text: string, kind: RecordKind, id?: string): RecordResult<T> {
  const checked = checkedText(text);
  if (checked === null)
    return corrupt('is not what was written: its checksum, the last line, is of another content');
  let value: unknown;
  try {
    value = JSON.parse(checked);
  } catch {
    return corrupt(whyNotJson(text));
  }
  const wrong = whyNot(kind, value);
  if (wrong !== null) return corrupt(wrong);
  if (Object.hasOwn(value as object, 'checksum')) return corrupt('has a checksum that is none');
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
