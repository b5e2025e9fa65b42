import { parse } from 'semver';
import { withoutCredentials } from '../core/address.js';
import { type ErrorCode, ReleasesError, systemCode } from '../core/errors.js';
import { compareVersions } from '../core/version.js';
import type { Unpicked } from './release-age.js';

interface Circumstances {
  code: string;
  about: string;
  registry: string;
}

interface Verdict {
  codes: RegExp;
  becomes: ErrorCode;
  sentence(circumstances: Circumstances): string;
  hint(circumstances: Circumstances): string;
}

const VERDICTS: Verdict[] = [
  {
    codes:
      /^(ENOTFOUND|EAI_AGAIN|ECONN(REFUSED|RESET|ABORTED)|EPIPE|EPROTO|E(NET|HOST)(UNREACH|DOWN)|ENOTCACHED|E\w*TIME(D)?OUT)$/,
    becomes: 'registry_unreachable',
    sentence: ({ about, registry, code }) =>
      `The registry ${registry} did not answer for ${about} (${code}).`,
    hint: ({ registry }) =>
      `Look at the network and the proxy: npm config list; npm ping --registry=${registry}`,
  },
  {
    codes: /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/,
    becomes: 'registry_unreachable',
    sentence: ({ registry, code }) =>
      `The certificate of the registry ${registry} was not accepted (${code}).`,
    hint: () => "Name the file with your organisation's certificates: npm config set cafile <file>",
  },
  {
    codes: /^(EINTEGRITY|EBADSIZE|EMANIFESTMISMATCH)$/,
    becomes: 'integrity_mismatch',
    sentence: ({ about, code }) =>
      `What the registry sent for ${about} is not what it had announced (${code}).`,
    hint: () => 'Try again; if it happens again, the registry or a proxy before it hands out other files.',
  },
  {
    codes: /^(EINTEGRITYSIGNATURE|EMISSINGSIGNATUREKEY|EEXPIREDSIGNATUREKEY)$/,
    becomes: 'signature_invalid',
    sentence: ({ about, code }) => `The registry's signature of ${about} is wrong (${code}).`,
    hint: () => 'Do not install it; compare with another registry: --registry <address>',
  },
  {
    codes: /^(TAR_|Z_|ZLIB_|ERR_ZLIB)/,
    becomes: 'archive_invalid',
    sentence: ({ about, code }) => `The archive of ${about} is damaged or cut off (${code}).`,
    hint: () => 'Try again; if it happens again, the registry has it like this.',
  },
  {
    codes: /^(E401|E403|ENEEDAUTH|EOTP|EAUTHIP|EAUTHUNKNOWN)$/,
    becomes: 'registry_error',
    sentence: ({ about, registry, code }) => `The registry ${registry} denied ${about} (${code}).`,
    hint: ({ registry }) => `npm login --registry=${registry}`,
  },
  {
    codes: /^(ENOSPC|EDQUOT)$/,
    becomes: 'insufficient_space',
    sentence: ({ about }) => `There is no room left for ${about}.`,
    hint: () => 'openclaw-releases prune',
  },
  {
    codes: /^(EACCES|EPERM|EROFS)$/,
    becomes: 'install_failed',
    sentence: ({ about, code }) => `A directory that is needed for ${about} may not be written (${code}).`,
    hint: () => "Look at who owns npm's cache: npm config get cache",
  },
];

const NOT_FOUND = /^(E404|ETARGET|ENOVERSIONS)$/;

/**
 * Maps an error of npm's libraries to ours by its code alone; a `ReleasesError` passes unchanged.
 * @param about requested package, as `name@version`
 * @param during for `install`, a missing package is a dependency, so it and unknown codes become `install_failed`
 */
export function sourceFailure(
  error: unknown,
  about: string,
  registry: string,
  during: 'resolve' | 'install' = 'resolve',
): ReleasesError {
  if (error instanceof ReleasesError) return error;
  const circumstances = { about, code: systemCode(error) ?? '', registry: withoutCredentials(registry) };
  const verdict = VERDICTS.find(({ codes }) => codes.test(circumstances.code));
  const [becomes, sentence, hint] = verdict
    ? [verdict.becomes, verdict.sentence(circumstances), verdict.hint(circumstances)]
    : during === 'resolve'
      ? unresolved(error, circumstances)
      : uninstalled(error, circumstances);
  return new ReleasesError(becomes, sentence, {
    hint,
    cause: error,
  });
}

type Plain = [becomes: ErrorCode, sentence: string, hint: string];

function unresolved(error: unknown, { about, registry, code }: Circumstances): Plain {
  const hint = `npm view ${about} --registry=${registry}`;
  if (NOT_FOUND.test(code))
    return ['version_not_found', `${about} is not in the registry ${registry}.`, choiceIn(error) ?? hint];
  return ['registry_error', `${about} could not be fetched from ${registry}: ${reasonOf(error)}`, hint];
}

/** The nearest versions or the tags of the registry's answer, for a mistyped request; null without an answer. */
function choiceIn(error: unknown): string | null {
  const { wanted = '', versions = [], distTags = {} } = error as Partial<Unpicked>;
  const isVersion = parse(wanted) !== null;
  const choice = isVersion ? nearest(wanted, versions) : Object.keys(distTags);
  if (choice.length === 0) return null;
  return `${isVersion ? 'The nearest published versions' : 'The tags'}: ${choice.join(', ')}`;
}

function nearest(wanted: string, versions: string[]): string[] {
  const sorted = versions.filter((version) => parse(version)).sort(compareVersions);
  const after = sorted.findIndex((version) => compareVersions(version, wanted) > 0);
  const at = after < 0 ? sorted.length : after;
  return sorted.slice(Math.max(0, at - 2), at + 2);
}

function uninstalled(error: unknown, { about, registry }: Circumstances): Plain {
  const hint = `npm ping --registry=${registry}, then the same command again`;
  return ['install_failed', `${about} could not be installed: ${reasonOf(error)}`, hint];
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0] ?? '';
}
