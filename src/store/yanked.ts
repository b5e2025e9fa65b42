import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import { type RecordResult, readRecord } from '../core/record.js';
import type { Count, Moment, ReleaseVersion } from '../core/scalars.js';
import type { Root } from './root.js';

/** `yanked.json`: releases that no host of a fleet may take any more. */
export interface YankedList {
  schema: 1;
  /** Grows with each issue; an older list never replaces a newer one. */
  serial: Count;
  issuedAt: Moment;
  /** The timer waits from then on, until a newer list is here. */
  expiresAt: Moment;
  releases: {
    version: ReleaseVersion;
    /** Subresource Integrity of the one archive that is meant; absent for every archive of that version. */
    integrity?: string;
    why: string;
  }[];
}

export function tryReadYanked(root: Root): RecordResult<YankedList> {
  return readRecord(root.yanked, 'yanked');
}

/**
 * List of this host; null where it has none.
 * @throws ReleasesError `yanked_list_invalid` for a list that cannot be read: nobody knows what it forbids
 */
export function readYanked(root: Root): YankedList | null {
  const found = tryReadYanked(root);
  if (found.state !== 'corrupt') return found.state === 'ok' ? found.value : null;
  throw new ReleasesError('yanked_list_invalid', `${root.yanked} ${found.why}.`, {
    hint: 'openclaw-releases yanked <file>, which replaces it',
  });
}

/** Reason why a release is yanked, or null. @param integrity empty where it is not known */
export function whyYanked(
  list: YankedList | null,
  release: { version: string; integrity: string },
): string | null {
  const found = list?.releases.find(
    ({ version, integrity }) =>
      version === release.version &&
      (integrity === undefined || release.integrity === '' || integrity === release.integrity),
  );
  return found?.why ?? null;
}

/**
 * @param release with the publisher's reason, where npm has it as deprecated
 * @throws ReleasesError `release_yanked`, `yanked_list_invalid`
 */
export function refuseYanked(
  root: Root,
  release: { id: string; version: string; integrity: string; deprecated?: string | null },
  command: string,
): void {
  const why = whyYanked(readYanked(root), release);
  const deprecated = release.deprecated ?? null;
  if (why === null && deprecated === null) return;
  const reason = (why ?? deprecated ?? '').trim().replace(/\.*$/, '.');
  const how = why === null ? 'is deprecated by its publisher' : 'is yanked';
  throw new ReleasesError('release_yanked', `${release.id} ${how}: ${reason}`, {
    hint: `${command} --even-if-yanked, to take it all the same`,
  });
}

/** Text about the age of a list; null where it still counts. */
export function whyExpired(
  { serial, expiresAt }: Pick<YankedList, 'serial' | 'expiresAt'>,
  now: number,
): string | null {
  if (now < Date.parse(expiresAt)) return null;
  return `The list of yanked releases (serial ${serial}) expired at ${moment(expiresAt)}.`;
}
