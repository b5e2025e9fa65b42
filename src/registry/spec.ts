import npa from 'npm-package-arg';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';

/** A request for one release; `path` is absolute. */
export type Spec =
  | { kind: 'version'; version: string }
  | { kind: 'tag'; tag: string }
  | { kind: 'file'; path: string };

const TAG = /^[A-Za-z][A-Za-z0-9._-]*$/;
const OWN_NAME = /^openclaw@/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be in a path or a terminal
const CONTROL = /[\u0000-\u001f\u007f]/;

const EXAMPLES = 'Give a version (2026.6.1), a tag (latest), or an archive (./openclaw-2026.6.1.tgz).';
const EXACT = 'A release is one exact version; to see them all: npm view openclaw versions';
const DOWNLOAD = 'Download and inspect it, then give the file: ./openclaw-2026.6.1.tgz';

/** Kinds that npm accepts and we refuse. */
const REFUSED: Record<string, [reason: string, hint: string]> = {
  range: ['is a range, and could mean another release tomorrow', EXACT],
  git: ['is a repository, and a release needs a published archive', EXAMPLES],
  remote: ['is an address, and only the registry that npm is configured for is asked', DOWNLOAD],
  alias: ['names another package', EXAMPLES],
  directory: ['is a directory, and a release needs an archive', 'Pack it first: npm pack <directory>'],
};

/**
 * Parses a request without checking that it exists. Relative paths start at the working directory.
 * @throws ReleasesError `spec_invalid` unless the text names exactly one release of `openclaw`
 */
export function parseSpec(input: string): Spec {
  const text = input.replace(OWN_NAME, '');
  if (text === '' || text !== text.trim() || CONTROL.test(text)) {
    throw refuse(input, 'is empty, or has blanks around it or control characters in it', EXAMPLES);
  }
  const { type, fetchSpec } = read(input, text);
  if (type === 'file' && fetchSpec) return { kind: 'file', path: fetchSpec };
  if (type === 'version') return { kind: 'version', version: exactVersion(input, text) };
  if (type === 'tag' && TAG.test(text)) return { kind: 'tag', tag: checkTag(input, text) };
  throw refuse(input, ...(REFUSED[type] ?? ['does not name a release', EXAMPLES]));
}

function read(input: string, text: string): { type: string; fetchSpec: string | null | undefined } {
  try {
    return npa.resolve('openclaw', text);
  } catch (cause) {
    throw refuse(input, 'does not name a release', EXAMPLES, cause);
  }
}

/** Accepts only the exact spelling: npm would also accept `=2026.06.01`. */
function exactVersion(input: string, text: string): string {
  const version = text.replace(/^v(?=\d)/, '');
  if (valid(version) === version) return version;
  if (version.includes('+')) {
    throw refuse(
      input,
      'is the name of a release that came from an archive',
      'Give that archive, or look for the release in: openclaw-releases list',
    );
  }
  const meant = valid(version, { loose: true });
  throw refuse(input, 'is not how OpenClaw writes its versions', meant ? `Perhaps ${meant}?` : EXAMPLES);
}

function checkTag(input: string, tag: string): string {
  if (tag !== 'openclaw') return tag;
  throw refuse(
    input,
    'says which package and not which release of it',
    'openclaw@latest, or openclaw@2026.6.1',
  );
}

function refuse(input: string, reason: string, hint: string, cause?: unknown): ReleasesError {
  return new ReleasesError('spec_invalid', `${JSON.stringify(input)} ${reason}.`, {
    hint,
    cause,
  });
}
