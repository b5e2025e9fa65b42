import { lstatSync, readFileSync, statSync } from 'node:fs';
import { systemCode } from './errors.js';
import { compiledSchemas } from './schemas.js';

/** Files of ours that hold JSON, by the name of their schema in `layout/schemas/`. */
export type RecordKind =
  | 'release'
  | 'change'
  | 'policy'
  | 'supervisor'
  | 'adopted'
  | 'readable'
  | 'restore'
  | 'last-restore'
  | 'kept-state';

/** A file of ours that this version cannot understand. */
export interface Unreadable {
  /** Absolute. */
  path: string;
  /** What is wrong with it, to be read after its name: `is empty`. */
  why: string;
}

/** What one look at a file found. */
export type Reading<T> =
  | { state: 'absent' }
  | { state: 'unreadable'; why: string }
  | { state: 'read'; value: T };

/** Bytes; what we write ourselves has a few thousand. */
const LARGEST = 64 * 2 ** 20;

/** These say that this process cannot read anything now, and nothing about the file. */
const OF_THE_PROCESS = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN']);

let compiled: ReturnType<typeof compiledSchemas> | undefined;

/** Why a value is no record of this kind, to be read after its name, or null for one that this version understands. */
export function whyNot(kind: RecordKind, value: unknown): string | null {
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (Number.isInteger(schema) && schema !== 1) return `is of schema ${schema}, and this version knows 1`;
  compiled ??= compiledSchemas();
  const validate = compiled[kind];
  if (!validate) throw new Error(`The build made no schema ${kind}.`);
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
    if (!stats.isFile()) return unreadable(stats.isDirectory() ? 'is a directory' : 'is not a plain file');
    if (stats.size > LARGEST) return unreadable(`is far too large (${stats.size} bytes)`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return whereNothingWasRead(path, error);
  }
  const why = whyNotText(text);
  if (why !== null) return unreadable(why);
  const value: unknown = JSON.parse(text);
  const wrong = whyNot(kind, value);
  if (wrong !== null) return unreadable(wrong);
  const named = (value as { id?: unknown }).id;
  if (id !== undefined && named !== id) return unreadable(`is about ${JSON.stringify(named)}, not ${id}`);
  return { state: 'read', value: value as T };
}

function unreadable(why: string): { state: 'unreadable'; why: string } {
  return { state: 'unreadable', why };
}

function whereNothingWasRead(path: string, error: unknown): Reading<never> {
  const code = systemCode(error) ?? '';
  if (OF_THE_PROCESS.has(code)) throw error;
  if (code === 'ENOTDIR') return { state: 'absent' };
  if (code !== 'ENOENT') return unreadable(`cannot be read (${code})`);
  return lstatSync(path, { throwIfNoEntry: false })
    ? unreadable('is a link to nothing')
    : { state: 'absent' };
}

function whyNotText(text: string): string | null {
  if (text.trim() === '') return 'is empty';
  if (/^\0+$/.test(text)) return 'holds nothing but zeros';
  try {
    JSON.parse(text);
    return null;
  } catch {
    return 'is not whole JSON';
  }
}
