import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import querystring from 'node:querystring';
import { parseEnv } from 'node:util';
import JSON5 from 'json5';
import { withoutCredentials } from '../core/address.js';
import { ifPossible } from '../core/if-possible.js';
import { SECRET_NAME } from '../core/secret-words.js';
import { configPath, type StatePlace } from './place.js';

/**
 * Shorter values are found in every text. These take up to `SHORT` characters as whole words only: `key1` stays in
 * `monkey1`.
 */
const SHORTEST = 4;
const SHORT = 7;

/** Shortest value that is a secret although its name does not say so. */
const SHORTEST_UNNAMED = 6;

/** Tried first by everybody, so it protects nothing; and without it our own sentences could not be read. */
const COMMON =
  /^(true|false|none|null|auto|default|enabled?|disabled?|test|demo|local|localhost|user|root|admin|token|password|secret|trusted-proxy|oauth|api[-_]?key|gateway|openclaw)$/i;

/** Paths, numbers, times and plain words: they name modes, providers and hosts. */
const TELLS_NOTHING =
  /^([/~].*|[\d.,:_-]+|\d{4}-\d\d-\d\dT[\d:.Z+-]+|[A-Za-z]?[a-z]{1,14}|[\w.-]+\.(com|org|net|io|ai))$/s;

/** Variables of the host, the session, systemd, Node, npm and OpenClaw, unless their names say that they are secret. */
const OF_THE_HOST =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|PWD|OLDPWD|TMPDIR|TZ|HOSTNAME|LS_COLORS|LANG(UAGE)?|INVOCATION_ID|JOURNAL_STREAM|(LC|XDG|SYSTEMD|DBUS|NODE|npm_config|OPENCLAW)_\w+)$/i;

/** Passwords inside of longer values: in the address of a database, or in its settings (`password=…`). */
const IN_ADDRESS = /\/\/([^\s/:@]*)(?::([^\s/]*))?@/g;
const IN_SETTINGS = /(?:passw(?:or)?d|pwd|secret|token|key)=([^\s;&"']+)/gi;

/** Bounds for files of credentials: a messenger keeps thousands of keys. */
const MOST_FILES = 2_000;
const LARGEST_FILE = 256 * 1024;

/** Texts that look like a secret, wherever they come from. */
const LOOKS_SECRET = /\b(Bearer\s+|token[=:]\s*|(?:sk|xox[a-z]|gh[a-z])[-_])[\w.~+/-]{6,}=*/gi;

export type Redact = (text: string) => string;

/**
 * Makes a function that takes a gateway's secrets out of a text of this gateway or its tools. Secrets are the values in
 * its environment, `.env`, `credentials/` and the profiles of agents, and what its configuration has below a name such
 * as `apiKey`. Credentials in addresses count, wherever they are.
 * @param env whole environment of the gateway
 */
export function redactorFor(place: StatePlace, env: Record<string, string>): Redact {
  const found = new Set([...secretsIn(place, env)].flatMap((secret) => [secret, ...encoded(secret)]));
  const longestFirst = [...found].sort((a, b) => b.length - a.length);
  const long = longestFirst.filter(({ length }) => length > SHORT);
  const short = longestFirst.slice(long.length).map(escaped).join('|');
  const words = new RegExp(`(?<!\\w)(?:${short || '(?!)'})(?!\\w)`, 'g');
  return (text) =>
    long
      .reduce((left, secret) => left.replaceAll(secret, '…'), withoutCredentials(text))
      .replace(words, '…')
      .replace(LOOKS_SECRET, '$1…');
}

function* secretsIn(place: StatePlace, env: Record<string, string>): Generator<string> {
  yield* inVariables(env);
  const config = configPath(place);
  for (const directory of new Set([place.directory, dirname(config)])) {
    yield* inVariables(parseEnv(tryRead(join(directory, '.env')) ?? '') as Record<string, string>);
  }
  // A configuration without a secret name is no secret: models, channels and addresses are named in messages.
  yield* inValue(parse(tryRead(config)), { named: false, others: false });
  for (const path of credentialFiles(place.directory)) {
    const text = tryRead(path) ?? '';
    const value = parse(text);
    if (typeof value === 'object') yield* inValue(value, { named: false, others: true });
    else yield* inText(text, { named: true, others: true });
  }
}

function* inVariables(variables: Record<string, string>): Generator<string> {
  for (const [name, value] of Object.entries(variables)) {
    const named = SECRET_NAME.test(name);
    yield* inText(value, { named, others: !OF_THE_HOST.test(name) });
    if (/^\s*[[{]/.test(value)) yield* inValue(parse(value), { named, others: false });
  }
}

interface About {
  /** The name of a value, or a name above it, says that it is secret. */
  named: boolean;
  /** Other values count too, where they look like a secret. */
  others: boolean;
}

function* inValue(value: unknown, about: About): Generator<string> {
  if (typeof value === 'string') yield* inText(value, about);
  if (typeof value !== 'object' || value === null) return;
  // A reference to a secret names where it is: `{ source: 'env', id: 'OPENAI_API_KEY' }`.
  const { source, id } = value as Record<string, unknown>;
  if (typeof source === 'string' && typeof id === 'string') return;
  for (const [name, inner] of Object.entries(value)) {
    yield* inValue(inner, { ...about, named: about.named || SECRET_NAME.test(name) });
  }
}

function* inText(value: string, { named, others }: About): Generator<string> {
  const isSecret = (text: string) => text.length >= SHORTEST && !COMMON.test(text);
  for (const [, user = '', password] of value.matchAll(IN_ADDRESS)) {
    const parts =
      password === undefined ? [user] : [password, querystring.unescape(password), basic(user, password)];
    yield* parts.filter(isSecret);
  }
  for (const [, secret = ''] of value.matchAll(IN_SETTINGS)) if (isSecret(secret)) yield secret;
  // Output is cut into lines, so each line of a private key counts.
  for (const line of value.split('\n').map((text) => text.trim())) {
    if (!isSecret(line) || /^\$\{.*\}$/.test(line)) continue;
    const looksSecret = line.length >= SHORTEST_UNNAMED && !TELLS_NOTHING.test(line) && !URL.canParse(line);
    if (named || (others && looksSecret)) yield line;
  }
}

function credentialFiles(state: string): string[] {
  const files = names(join(state, 'credentials'), true).map((name) => join(state, 'credentials', name));
  const profiles = names(join(state, 'agents')).map((agent) =>
    join(state, 'agents', agent, 'agent/auth-profiles.json'),
  );
  return [...profiles, ...files].slice(0, MOST_FILES);
}

function names(directory: string, recursive = false): string[] {
  return ifPossible(() => readdirSync(directory, { encoding: 'utf8', recursive })) ?? [];
}

/** Returns null for what is no plain file, or too large: without it the rest is still redacted. */
function tryRead(path: string): string | null {
  const stats = ifPossible(() => statSync(path));
  if (!stats?.isFile() || stats.size > LARGEST_FILE) return null;
  return ifPossible(() => readFileSync(path, 'utf8')) ?? null;
}

function parse(text: string | null): unknown {
  return ifPossible(() => JSON5.parse(text ?? ''));
}

function basic(user: string, password: string): string {
  return Buffer.from(`${querystring.unescape(user)}:${querystring.unescape(password)}`).toString('base64');
}

/** Forms of a secret in JSON and in an address. */
function encoded(secret: string): string[] {
  return [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
