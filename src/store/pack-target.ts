import { resolve } from 'node:path';

/** Target of a change whose release comes from a pack. @param path absolute, or `-` for the standard input */
export const packTarget = (path: string) => `pack:${path}`;

/** Absolute path that such a target names, or `-`; null for any other target. */
export function packPath(target: string): string | null {
  const [, path] = /^pack:(.+)$/.exec(target) ?? [];
  return path === undefined ? null : path === '-' ? path : resolve(path);
}

/** Command that asks for a change. What came on the standard input is gone, and `import -` would wait for it. */
export function changeCommand(kind: string, target: string): string {
  const path = packPath(target);
  if (path === '-') return 'openclaw-releases import <pack>';
  return `openclaw-releases ${path !== null && kind === 'stage' ? `import ${path}` : `${kind} ${target}`}`;
}
