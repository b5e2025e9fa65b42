import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

/** Makes a path absolute and leaves `..` to the kernel: behind a link it is not the directory that was typed. */
export function absolutePath(path: string): string {
  return isAbsolute(path) ? path : `${process.cwd()}/${path}`;
}

/**
 * Resolves the links and the `..` of a path as the kernel does, as far as the path exists. Returns the typed path for
 * a loop of links and the like, which the caller meets again.
 */
export function realPath(path: string): string {
  const whole = absolutePath(path);
  const rest: string[] = [];
  for (let at = whole; ; at = dirname(at)) {
    try {
      return join(realpathSync.native(at), ...rest);
    } catch {
      if (at === dirname(at)) return resolve(whole);
      rest.unshift(basename(at));
    }
  }
}

/** As `realPath`, and the last name stays: it may be a link that the caller refuses. */
export function realPlace(path: string): string {
  const whole = absolutePath(path).replace(/\/+$/, '');
  const name = basename(whole);
  if (name === '' || name === '.' || name === '..') return realPath(whole || '/');
  return join(realPath(dirname(whole)), name);
}
