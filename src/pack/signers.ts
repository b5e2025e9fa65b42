import { isAbsent, readPlainFile, whyUnusable } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { writeFileDurably } from '../host/durable.js';
import { readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';
import {
  fingerprint,
  NAMESPACES,
  type Namespace,
  publicKeyOf,
  untrusted,
  verifySignature,
} from './ssh-signature.js';

/** Bytes of `allowed_signers`. */
export const MOST_SIGNERS = 1024 * 1024;

/** A line of `allowed_signers`; times in milliseconds. */
export interface Signer {
  /** Names of its owner, as the file has them. */
  principals: string;
  fingerprint: string;
  namespaces: string[] | null;
  validAfter: number | null;
  validBefore: number | null;
}

const WORDS = /(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g;
const OPTION = /^([a-z-]+)(?:="([^"]*)")?$/;
const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z)?$/;

/**
 * Parses `allowed_signers` as ssh-keygen(1) describes it. Refuses certificate authorities and unknown options: a
 * condition that is not understood must not count as met.
 * @throws ReleasesError `signers_invalid`, which names the line
 */
export function parseSigners(text: string): Signer[] {
  return text.split('\n').flatMap((line, at) => {
    if (/^\s*(#|$)/.test(line)) return [];
    try {
      return parseLine(line);
    } catch (cause) {
      throw invalid(`Line ${at + 1} of the allowed signers: ${(cause as Error).message}`, cause);
    }
  });
}

function parseLine(line: string): Signer {
  const [principals = '', ...words] = line.match(WORDS) ?? [];
  const options = words[0]?.match(/^(ssh-|ecdsa-|sk-)/) ? '' : (words.shift() ?? '');
  const [type = '', base64 = ''] = words;
  const key = Buffer.from(base64, 'base64');
  const { keyType } = publicKeyOf(key);
  if (keyType !== type) throw new Error(`the key is not of the kind ${type}.`);
  const signer: Signer = {
    principals: principals.replace(/^"(.*)"$/, '$1'),
    fingerprint: fingerprint(key),
    namespaces: null,
    validAfter: null,
    validBefore: null,
  };
  for (const option of options === '' ? [] : splitOptions(options)) {
    const [, name, value = ''] = OPTION.exec(option) ?? [];
    if (name === 'namespaces') signer.namespaces = value.split(',');
    else if (name === 'valid-after') signer.validAfter = timeOf(value);
    else if (name === 'valid-before') signer.validBefore = timeOf(value);
    else throw new Error(`the option ${JSON.stringify(option)} is not known here.`);
  }
  return signer;
}

const splitOptions = (options: string) => options.match(/(?:[^,"]|"[^"]*")+/g) ?? [];

/** Without a Z it is local time. */
function timeOf(text: string): number {
  const [, year, month, day, hours = '00', minutes = '00', seconds = '00', zone = ''] = TIME.exec(text) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}${zone}`);
  if (Number.isNaN(ms)) throw new Error(`${JSON.stringify(text)} is no time.`);
  return ms;
}

/** Signers of this host; none where the file is absent. @throws ReleasesError `signers_invalid` */
export function readSigners(root: Root): Signer[] {
  try {
    return parseSigners(readPlainFile(root.signers, MOST_SIGNERS).toString());
  } catch (error) {
    if (isAbsent(error)) return [];
    if (error instanceof ReleasesError && error.code === 'signers_invalid') throw error;
    throw invalid(`${root.signers} ${whyUnusable(error)}.`, error);
  }
}

/** @throws ReleasesError `signers_invalid` */
export function keepSigners(root: Root, text: string): Signer[] {
  const signers = parseSigners(text);
  writeFileDurably(root.signers, text, 0o600, 'allowed_signers');
  return signers;
}

export interface Signed {
  /** Null where it has none. */
  signature: string | null;
  message: Buffer;
  namespace: Namespace;
  /** Words for it: `The pack`. */
  named: string;
}

/**
 * Decides if a signature is enough for this host.
 * @returns its signer in words; a warning where nobody vouches
 * @throws ReleasesError `signature_untrusted`, `signers_invalid`
 */
export function requireTrusted(
  root: Root,
  { signature, message, namespace, named }: Signed,
  now = Date.now(),
): { signer: string | null; warning: string | null } {
  const signers = readSigners(root);
  const isRequired = readPolicy(root).signatures === 'required';
  if (signature === null) {
    if (isRequired)
      throw untrusted(`is missing: ${named.toLowerCase()} is not signed, and this host demands it`);
    return { signer: null, warning: signers.length > 0 ? `${named} is not signed.` : null };
  }
  const print = fingerprint(verifySignature(signature, message, namespace));
  const known = signers.filter((signer) => signer.fingerprint === print);
  const valid = known.find((signer) => whyNot(signer, namespace, now) === null);
  if (valid) return { signer: valid.principals, warning: null };
  const [first] = known;
  if (first) throw untrusted(`is by a key of ${first.principals}, which ${whyNot(first, namespace, now)}`);
  if (isRequired || signers.length > 0)
    throw untrusted(`is by the key ${print}, which this host does not know`);
  return { signer: null, warning: `${named} is signed by the key ${print}, and this host knows no keys.` };
}

/** Reason why a key does not count now, to be read after `which`. */
function whyNot(
  { namespaces, validAfter, validBefore }: Signer,
  namespace: string,
  now: number,
): string | null {
  if (validAfter !== null && now < validAfter) return 'does not count yet';
  if (validBefore !== null && now >= validBefore) return 'does not count any more';
  if (namespaces !== null && !matches(namespaces, namespace)) return `is not for ${NAMESPACES.pack}`;
  return null;
}

/** Patterns of ssh_config(5): `*`, `?`, and `!` to exclude. */
function matches(patterns: readonly string[], text: string): boolean {
  const fits = (pattern: string) =>
    new RegExp(
      `^${pattern
        .replace(/[^\w*?-]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    ).test(text);
  const [excluding, including] = [true, false].map((no) =>
    patterns.filter((pattern) => pattern.startsWith('!') === no).map((pattern) => pattern.replace(/^!/, '')),
  );
  return !excluding?.some(fits) && (including?.some(fits) ?? false);
}

function invalid(message: string, cause: unknown): ReleasesError {
  return new ReleasesError('signers_invalid', message, {
    hint: 'man ssh-keygen, ALLOWED SIGNERS; then: openclaw-releases signers <file>',
    cause,
  });
}
