import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import normalizeBin from 'npm-normalize-package-bin';

/** Moves an unpacked package to its place, which may contain nested packages already. */
export function moveInto(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to) || readdirSync(to).length === 0) {
    renameSync(from, to);
    return;
  }
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory() && existsSync(target)) moveInto(source, target);
    else renameSync(source, target);
  }
}

/**
 * Sets execute bits, as pacote does for local archives: these may come from systems without file modes. Changes plain
 * files inside the package alone: `bin` may name any path, and a link of the archive may lead anywhere.
 */
export function makeProgramsExecutable(directory: string): void {
  const path = join(directory, 'package.json');
  if (!existsSync(path)) return;
  const { bin } = normalizeBin(JSON.parse(readFileSync(path, 'utf8')));
  const inside = `${realpathSync(directory)}/`;
  for (const name of Object.values(bin ?? {})) {
    const program = join(directory, name);
    const stats = lstatSync(program, { throwIfNoEntry: false });
    if (stats?.isFile() && realpathSync(program).startsWith(inside)) chmodSync(program, stats.mode | 0o111);
  }
}
