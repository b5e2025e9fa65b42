import { lstatSync, readFileSync, statSync } from 'node:fs';
import { systemCode } from './errors.js';
import { compiledSchema, quickSchema, type Validate } from './schemas.js';

/** Files of ours that hold JSON, by the name of their schema in `layout/schemas/`. */
export type RecordKind =
  | 'release'
  | 'change'
  | 'policy'
  | 'supervisor'
  | 'adopted'
  | 'compatibility'
  | 'history-index'
  | 'gateway-cache'
  | 'restore'
  | 'restore-result'
  | 'kept-state'
  | 'request'
  | 'timer-state'
  | 'timer';

/** A file of ours that this version cannot understand. */
export interface Corrupt {
  /** Absolute. */
  path: string;
  /** What is wrong with it, to be read after its name: `is empty`. */
  why: string;
}

/** What one look at a file found. */
export type Reading<T> =
  | { state: 'absent' }
  | { state: 'corrupt'; why: string }
  | { state: 'read'; value: T };

/** Bytes; what we write ourselves has a few thousand. */
const LARGEST = 64 * 2 ** 20;

/** These say that this process cannot read anything now, and nothing about the file. */
const OF_THE_PROCESS = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN']);

/** Loaded one by one: that of a change alone is two fifths of all. */
const quick = new Map<RecordKind, (value: unknown) => boolean>();
const compiled = new Map<RecordKind, Validate>();

/** Why a value is no record of this kind, to be read after its name, or null for one that this version understands. */
export function whyNot(kind: RecordKind, value: unknown): string | null {
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (Number.isInteger(schema) && schema !== 1) return `is of schema ${schema}, and this version knows 1`;
  const check = quick.get(kind) ?? quickSchema(kind);
  quick.set(kind, check);
  if (check(value)) return null;
  const validate = compiled.get(kind) ?? compiledSchema(kind);
  compiled.set(kind, validate);
  if (validate(value)) return null;
  const { instancePath = '', message = 'is something else' } = validate.errors?.[0] ?? {};
  return `has another shape: ${instancePath || 'it'} ${message}`;
}

/**
 * The one way in which such files are read. Never writes, and never throws because of what is in the file or at its
 * path; a link to nothing is not an absent file.
 * @param id that the record must name as its own: a copy under another name is not a record of that name
 */
export function readRecord<T>(path: string, kind: RecordKind, id?: string): Reading<T> {
  let text: string;
  try {
    const stats = statSync(path);
    // Reading a pipe would wait for ever.
    if (!stats.isFile()) return corrupt(stats.isDirectory() ? 'is a directory' : 'is not a plain file');
    if (stats.size > LARGEST) return corrupt(`is far too large (${stats.size} bytes)`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return whereNothingWasRead(path, error);
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
  return { state: 'read', value: value as T };
}

function corrupt(why: string): { state: 'corrupt'; why: string } {
  return { state: 'corrupt', why };
}

function whereNothingWasRead(path: string, error: unknown): Reading<never> {
  const code = systemCode(error) ?? '';
  if (OF_THE_PROCESS.has(code)) throw error;
  if (code === 'ENOTDIR') return { state: 'absent' };
  if (code !== 'ENOENT') return corrupt(`cannot be read (${code})`);
  return lstatSync(path, { throwIfNoEntry: false }) ? corrupt('is a link to nothing') : { state: 'absent' };
}

function whyNotJson(text: string): string {
  if (text.trim() === '') return 'is empty';
  return /^\0+$/.test(text) ? 'holds nothing but zeros' : 'is not whole JSON';
}
