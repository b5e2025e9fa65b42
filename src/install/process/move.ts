import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

/** Sets execute bits, as pacote does for local archives: these may come from systems without file modes. */
export function makeProgramsExecutable(directory: string): void {
  const path = join(directory, 'package.json');
  const { bin } = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const programs = typeof bin === 'string' ? [bin] : Object.values(bin ?? {});
  for (const program of programs.map((name) => join(directory, String(name)))) {
    if (existsSync(program)) chmodSync(program, statSync(program).mode | 0o111);
  }
}
