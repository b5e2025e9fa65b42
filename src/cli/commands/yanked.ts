import { exclusive } from '../../change/exclusive.js';
import { isAbsent, readPlainFile, whyUnusable } from '../../core/bounded-file.js';
import { ReleasesError } from '../../core/errors.js';
import { moment } from '../../core/moment.js';
import { shellWord } from '../../core/shell-word.js';
import { MOST_YANKED, takeYanked } from '../../pack/yanked.js';
import { readYanked, whyExpired, type YankedList } from '../../store/yanked.js';
import { command } from '../command.js';
import { table } from '../table.js';

export const yankedCommand = () =>
  command(
    'yanked',
    'show the list of yanked releases, or take a newer one',
    'openclaw-releases yanked yanked.json',
  )
    .argument('[file]', 'a list; its signature is read from the same name with .sig')
    .acts(async ({ environment }, file: string | undefined) => {
      const { root } = environment;
      let warning: string | null = null;
      if (file !== undefined) {
        const text = readFile(file);
        const signature = readSignature(`${file}.sig`);
        ({ warning } = await exclusive(environment, { doing: 'yanked', recover: false }, () =>
          takeYanked(root, text, signature),
        ));
      }
      const list = readYanked(root);
      const expired = list !== null && whyExpired(list, Date.now()) !== null;
      const warnings = warning === null ? [] : [warning];
      return { document: { list, expired, warnings }, text: () => [...warnings, listText(list)].join('\n') };
    });

function listText(list: YankedList | null): string {
  if (list === null) return 'There is no list of yanked releases here.';
  const { serial, issuedAt, expiresAt, releases } = list;
  const head =
    whyExpired(list, Date.now()) ??
    `Serial ${serial} of ${moment(issuedAt)}, which counts until ${moment(expiresAt)}.`;
  const rows = releases.map(({ version, why }) => [version, why]);
  return `${head}\n${rows.length > 0 ? table(rows) : 'No release is yanked.'}`;
}

function readSignature(path: string): string | null {
  try {
    return readPlainFile(path, MOST_YANKED, { follow: true }).toString();
  } catch (error) {
    if (isAbsent(error)) return null;
    throw unusable(path, error);
  }
}

function readFile(path: string): Buffer {
  try {
    return readPlainFile(path, MOST_YANKED, { follow: true });
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): ReleasesError {
  return new ReleasesError('usage', `${path} ${whyUnusable(cause)}.`, {
    hint: `ls -l ${shellWord(path)}`,
    cause,
  });
}
