import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Finds a program as `execvp` does, but only by absolute paths. */
export function findProgram(name: string, searchPath: string): string | null {
  return findPrograms(name, searchPath)[0] ?? null;
}

export function findPrograms(name: string, searchPath: string): string[] {
  if (name.includes('/')) return isAbsolute(name) && isProgram(name) ? [name] : [];
  if (name === '') return [];
  return searchPath
    .split(delimiter)
    .filter(isAbsolute)
    .map((directory) => join(directory, name))
    .filter(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
