import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ALIASES } from '../../src/cli/command-names.js';
import { HIDDEN_COMMANDS } from '../../src/cli/commands.js';
import { ifPossible } from '../../src/core/if-possible.js';
import { isRecord } from '../../src/core/json.js';

/** Keywords of JSON Schema that `npm run schemas` writes. */
interface Node {
  $ref?: string;
  anyOf?: Node[];
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  items?: Node;
  properties?: Record<string, Node>;
  required?: string[];
  additionalProperties?: Node;
  description?: string;
}

const KEYWORDS = new Set([
  ...['$ref', 'anyOf', 'type', 'const', 'enum', 'pattern', 'minimum', 'maximum', 'items', 'properties'],
  ...['required', 'additionalProperties', 'description'],
]);

const path = new URL('../../layout/schemas/views/answers.schema.json', import.meta.url);

export const { definitions } = JSON.parse(readFileSync(path, 'utf8')) as {
  definitions: Record<string, Node>;
};

/** Definitions of commands; those of methods have a dot. */
export const answered = Object.keys(definitions).filter((name) => /^[a-z][a-z-]*$/.test(name));

/**
 * Faults of a value of a definition; a key that the definition does not name is one, too. Compiling these schemas would
 * take longer than the commands whose answers are compared.
 */
export function faultsIn(name: string, value: unknown): string[] {
  return faultsOf({ $ref: `#/definitions/${name}` }, value, '');
}

/**
 * Faults of a document that a command printed: of its published schema, and keys that this does not name.
 * @param words a command line; one without a command must have a failure as its answer
 */
export function answerFaults(words: readonly string[], document: object): string[] {
  const { schema, ok, ...rest } = document as { schema?: unknown; ok?: unknown };
  const envelope = schema === 1 && typeof ok === 'boolean' ? [] : ['schema or ok is missing'];
  return [...envelope, ...documentFaults(answerName(words) ?? 'Failure', rest, [{}, { ok }, { schema }])];
}

/** Faults of the answer of a method of the gateway, which did not fail. */
export function methodFaults(method: string, payload: object): string[] {
  const { ok, ...rest } = payload as { ok?: unknown };
  const envelope = typeof ok === 'boolean' ? [] : ['ok is missing'];
  return [...envelope, ...documentFaults(method, rest, [{}, { ok }])];
}

/** A document may have one of the keys of the envelope itself. */
function documentFaults(name: string, rest: object, owns: object[]): string[] {
  const { anyOf = [definitions[name] ?? {}] } = definitions[name] ?? {};
  const [bare = [], ...others] = owns.map((own) => faultsOf({ anyOf }, { ...own, ...rest }, name));
  return others.some((faults) => faults.length === 0) ? [] : bare;
}

/**
 * Document that a command printed with `--json`; null where it printed something else, as a killed one does.
 * @throws Error where the document does not fit the schema that is published for the command
 */
// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes
export function answerIn(words: readonly string[], stdout: string): any {
  const document = ifPossible(() => JSON.parse(stdout) as unknown) ?? null;
  if (!isRecord(document) || Object.hasOwn(HIDDEN_COMMANDS, words[0] ?? '')) return document;
  const faults = answerFaults(words, document);
  if (faults.length === 0) return document;
  throw new Error(`The answer of ${words.join(' ')} does not fit its schema: ${faults.join('; ')}.`);
}

/** Throws where the answer of a method does not fit its published schema. */
export function checkPayload(method: string, payload: object | undefined): void {
  const faults = payload ? methodFaults(method, payload) : [];
  if (faults.length > 0)
    throw new Error(`The answer of ${method} does not fit its schema: ${faults.join('; ')}.`);
}

/** Name of the definition for a command line; null where there is none. */
export function answerName(words: readonly string[]): string | null {
  const [typed = '', next = ''] = words.filter((word) => !word.startsWith('--'));
  const name = ALIASES[typed] ?? typed;
  return [`${name}-${next}`, name].find((one) => Object.hasOwn(definitions, one)) ?? null;
}

function faultsOf(node: Node, value: unknown, at: string): string[] {
  const unknown = Object.keys(node).filter((keyword) => !KEYWORDS.has(keyword));
  if (unknown.length > 0) throw new Error(`The keyword ${unknown} of the schema at ${at} is not known here.`);
  const { $ref, anyOf, type, enum: values, pattern, minimum, maximum } = node;
  const wanted = type === undefined ? [] : [type].flat();
  const isOf = (one: string) => one === typeOf(value) || (one === 'number' && typeOf(value) === 'integer');
  if (wanted.length > 0 && !wanted.some(isOf)) return [`${at} is no ${wanted.join(' or ')}`];
  const misfits =
    ('const' in node && !isDeepStrictEqual(value, node.const)) ||
    (values && !values.includes(value)) ||
    (typeof value === 'string' && pattern !== undefined && !new RegExp(pattern, 'u').test(value)) ||
    (typeof value === 'number' && (value < (minimum ?? value) || value > (maximum ?? value)));
  return [
    ...(misfits ? [`${at} is ${JSON.stringify(value)}`] : []),
    ...($ref === undefined ? [] : faultsOf(definitionAt($ref), value, at)),
    ...(anyOf ? fewest(anyOf.map((one) => faultsOf(one, value, at))) : []),
    ...(Array.isArray(value) ? value.flatMap((one, i) => faultsOf(node.items ?? {}, one, `${at}/${i}`)) : []),
    ...(typeOf(value) === 'object' ? faultsOfObject(node, value as Record<string, unknown>, at) : []),
  ];
}

function faultsOfObject(node: Node, value: Record<string, unknown>, at: string): string[] {
  const { properties, required = [], additionalProperties: rest } = node;
  const missing = required
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => `${at}/${key} is missing`);
  if (!properties && !rest) return missing;
  const members = Object.entries(value).flatMap(([key, one]) => {
    const member = properties && Object.hasOwn(properties, key) ? properties[key] : rest;
    return member ? faultsOf(member, one, `${at}/${key}`) : [`${at}/${key} is not in the schema`];
  });
  return [...missing, ...members];
}

function definitionAt(ref: string): Node {
  const found = definitions[ref.replace('#/definitions/', '')];
  if (!found) throw new Error(`${ref} is not defined.`);
  return found;
}

function fewest(branches: string[][]): string[] {
  return branches.reduce((least, one) => (one.length < least.length ? one : least));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
