import { ReleasesError } from '../core/errors.js';
import { parseRecord, recordText } from '../core/record.js';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from '../store/root.js';
import { tryReadYanked, type YankedList } from '../store/yanked.js';
import { requireTrusted } from './signers.js';
import { NAMESPACES } from './ssh-signature.js';

/** Bytes. */
export const MOST_YANKED = 4 * 1024 * 1024;

/**
 * Takes a list in place of the present one.
 * @param signature null where it has none
 * @returns the list, and a warning where nobody vouches for it
 * @throws ReleasesError `yanked_list_invalid`, `signature_untrusted`, `signers_invalid`
 */
export function takeYanked(
  root: Root,
  text: Buffer,
  signature: string | null,
): { list: YankedList; warning: string | null } {
  const { warning } = requireTrusted(root, {
    ...{ signature, message: text, namespace: NAMESPACES.yanked },
    named: 'The list',
  });
  const read = parseRecord<YankedList>(text.toString(), 'yanked');
  if (read.state !== 'ok') throw invalid(`It ${read.state === 'corrupt' ? read.why : 'is missing'}.`);
  const list = read.value;
  for (const time of [list.issuedAt, list.expiresAt])
    if (Number.isNaN(Date.parse(time))) throw invalid(`${JSON.stringify(time)} is no time.`);
  const present = tryReadYanked(root);
  const known = present.state === 'ok' ? present.value : null;
  const isSame = known !== null && JSON.stringify(known) === JSON.stringify(list);
  if (known && !isSame && list.serial <= known.serial) {
    throw invalid(`Its serial is ${list.serial}, and the list that is here has ${known.serial}.`);
  }
  if (!isSame) writeFileDurably(root.yanked, recordText(list), 0o600);
  return { list, warning };
}

function invalid(why: string): ReleasesError {
  return new ReleasesError('yanked_list_invalid', `This list of yanked releases cannot be taken. ${why}`, {
    hint: 'openclaw-releases yanked, which shows the present one',
  });
}
