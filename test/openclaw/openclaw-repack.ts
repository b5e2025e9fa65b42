import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, extract } from 'tar';
import { writeTree } from '../support/place.js';

/** Name of the archive that npm packs of a version. */
export const packed = (version: string) => `openclaw-${version}.tgz`;

/** Words after `npm`. */
export const packing = (version: string, directory: string) => [
  'pack',
  `openclaw@${version}`,
  ...['--pack-destination', directory],
];

/** A change of a published package, as its next release might have it. */
export interface Repack {
  /** Version that no registry has. */
  version: string;
  find: RegExp;
  replace: string | ((match: string) => string);
}

/**
 * Packs a published archive of OpenClaw again, as another version with other code: each match below `dist/` is replaced.
 * Dependencies, configuration and schemas of the state stay.
 * @throws Error where nothing matches: the package has changed
 * @returns path of the new archive, in the same directory
 */
export async function repack(
  archive: string,
  directory: string,
  { version, find, replace }: Repack,
): Promise<string> {
  const cwd = writeTree(join(directory, `repack-${version}`), { '.keep': '' });
  await extract({ file: archive, cwd });
  const edit = (path: string, change: (text: string) => string) => {
    const before = readFileSync(path, 'utf8');
    const after = change(before);
    if (after !== before) writeFileSync(path, after);
    return after !== before;
  };
  const dist = join(cwd, 'package/dist');
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && /\.(js|mjs|json)$/.test(entry.name),
  );
  const edited = files.filter(({ parentPath, name }) =>
    edit(join(parentPath, name), (text) => text.replace(find, replace as string)),
  );
  if (edited.length === 0) throw new Error(`OpenClaw has no ${find} any more`);
  for (const path of ['package/package.json', 'package/dist/build-info.json'])
    edit(join(cwd, path), (text) => text.replace(/("version": )"[^"]+"/, `$1"${version}"`));
  const file = join(directory, `openclaw-${version}.tgz`);
  await create({ file, cwd, gzip: { level: 1 }, portable: true }, ['package']);
  rmSync(cwd, { recursive: true });
  return file;
}
