import { dirname, resolve } from 'node:path';
import JSON5 from 'json5';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { isRecord } from '../core/json.js';
import { type Launch, placeOf } from '../host/place.js';

/** OpenClaw's own limit for files that include files. */
const DEEPEST = 10;

const INCLUDE = '$include';

/**
 * Reads a gateway's configuration with the files that it includes, and with variables of the environment in place of
 * `${NAME}`. Undefined when any of it cannot be read: OpenClaw reports that error.
 */
export function readConfiguration(launch: Launch): unknown {
  try {
    return load(placeOf(launch).config, launch.env, 0);
  } catch {
    return undefined;
  }
}

function load(path: string, env: Launch['env'], depth: number): unknown {
  if (depth > DEEPEST) throw new Error('includes itself');
  const text = readPlainFile(path, LARGEST, { follow: true }).toString();
  return resolved(parse(text), { directory: dirname(path), env, depth });
}

function resolved(value: unknown, from: { directory: string; env: Launch['env']; depth: number }): unknown {
  if (typeof value === 'string') return substituted(value, from.env);
  if (Array.isArray(value)) return value.map((item) => resolved(item, from));
  if (!isRecord(value)) return value;
  const { [INCLUDE]: included, ...rest } = value;
  const own = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, resolved(item, from)]));
  if (included === undefined) return own;
  const files = [included].flat().map(String);
  const loaded = files.map((file) => load(resolve(from.directory, file), from.env, from.depth + 1));
  const merged = loaded.length === 1 ? loaded[0] : loaded.reduce(merge, {});
  return Object.keys(own).length === 0 ? merged : merge(merged, own);
}

/** Merges as OpenClaw does: lists are joined, sections merged, and of two values the later counts. */
function merge(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second)) return [...first, ...second];
  if (!isRecord(first) || !isRecord(second)) return second;
  const both = Object.entries(second).map(([key, value]) => [
    key,
    Object.hasOwn(first, key) ? merge(first[key], value) : value,
  ]);
  return { ...first, ...Object.fromEntries(both) };
}

/** Leaves a reference that the environment does not answer: OpenClaw would not start with it. */
function substituted(text: string, env: Launch['env']): string {
  return text.replace(/\$\{([A-Z_][A-Z0-9_]*)\}/g, (all, name: string) => env[name] || all);
}

/** Tries JSON first, because it needs no library and means the same in JSON5. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON5.parse(text);
  }
}
