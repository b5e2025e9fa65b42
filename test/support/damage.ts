import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'vitest';
import { writable } from '../../src/store/move-aside.js';
import { temporaryDirectory } from './place.js';

/** Damage that our files can suffer; a directory in the place of a file cannot be read. */
export const DAMAGES = {
  empty: () => '',
  'truncated at half': (text: string) => text.slice(0, Math.floor(text.length / 2)),
  'zero-filled': (text: string) => '\0'.repeat(text.length),
  'schema 2': (text: string) => edited(text, { schema: 2 }),
  'of another shape': (text: string) => edited(text, { pins: 'x', plan: [], runtime: 'host' }),
  'a directory': () => null,
  'binary junk': () => Buffer.from(Array.from({ length: 512 }, (_, at) => (at * 151 + 7) % 256)),
} as const satisfies Record<string, (text: string) => string | Buffer | null>;

export type DamageName = keyof typeof DAMAGES;
export const DAMAGE_NAMES = Object.keys(DAMAGES) as DamageName[];

/** Files that are not JSON get a line of JSON, which is wrong there too. */
function edited(text: string, change: object): string {
  try {
    return JSON.stringify({ ...JSON.parse(text), ...change });
  } catch {
    return JSON.stringify(change);
  }
}

/** Damages what is at `path`, read-only releases included; a link is replaced by a file. */
export function damage(path: string, name: DamageName): void {
  const text = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'utf8');
  const damaged = DAMAGES[name](text);
  writable(dirname(path), () => {
    rmSync(path);
    if (damaged !== null) return writeFileSync(path, damaged);
    mkdirSync(path);
    writeFileSync(join(path, 'kept'), text);
  });
}

/** Texts of `current` and `previous` that name no release, though one could be found through them. */
export const NO_RELEASE = [
  ...['/elsewhere/2026.6.1', '2026.6.1', 'nowhere', 'releases', 'releases/', '/', '..', 'current'],
  ...['releases/2026.6.1/', './releases/2026.6.1', 'releases//2026.6.1', 'releases/2026.6.1\n'],
  ...['releases/../releases/2026.6.1', '../root/releases/2026.6.1', 'releases/2026.6.1/node_modules'],
  ...['releases/.2026.6.1', 'releases/..', 'releases/20 26', 'staging/2026.6.1', 'x\nreleases/2026.6.1'],
];

/** Other kinds of file that can take the place of a plain one. */
export const IMPOSTORS = {
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
  'a link to a file that is right': (path, was) => {
    const moved = join(temporaryDirectory('moved'), 'file');
    writeFileSync(moved, was);
    symlinkSync(moved, path);
  },
  'a link to an endless device': (path) => symlinkSync('/dev/zero', path),
  'a link to nothing': (path) => symlinkSync('nothing', path),
  'a link to itself': (path) => symlinkSync(path, path),
  'a giant file': (path) => truncateSync(path, 2 ** 40),
} as const satisfies Record<string, (path: string, was: Buffer) => void>;

export type ImpostorName = keyof typeof IMPOSTORS;
export const IMPOSTOR_NAMES = Object.keys(IMPOSTORS) as ImpostorName[];

/** Puts another kind of file in the place of a plain file, in read-only releases too. */
export function replaceBy(path: string, name: ImpostorName): void {
  writable(dirname(path), () => {
    const was = readFileSync(path);
    rmSync(path);
    if (name === 'a giant file') writeFileSync(path, '');
    IMPOSTORS[name](path, was);
  });
}

/** Every file, link and directory below, with what is in it and its permissions; a socket has only those. */
export function snapshot(directory: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    const stats = lstatSync(path);
    const mode = (stats.mode & 0o7777).toString(8);
    const name = relative(directory, path);
    if (stats.isSymbolicLink()) found.set(name, `-> ${readlinkSync(path)}`);
    else if (stats.isFile()) found.set(name, `${mode} ${readFileSync(path, 'base64')}`);
    else found.set(name, mode);
    if (stats.isDirectory()) {
      for (const entry of readdirSync(path)) visit(join(path, entry));
    }
  };
  visit(directory);
  return found;
}

/** A copy of a whole root, permissions included. */
export function copyRoot(from: string, to: string): string {
  // Node's own copy keeps the modes of directories in some versions only.
  execFileSync('cp', ['-a', '--', from, to]);
  return to;
}

/** Expects each damaged file in `corrupt/`, byte for byte, beside other things. */
export function expectKept(root: string, before: Map<string, string>, paths: string[]): void {
  const after = snapshot(root);
  for (const path of paths) {
    const name = path.slice(root.length + 1);
    const stem = `corrupt/${name.replaceAll('/', '_')}.`;
    const kept = [...after].filter(([key, content]) => key.startsWith(stem) && content === before.get(name));
    expect(kept.length, name).toBeGreaterThan(0);
  }
  const reasons = readFileSync(join(root, 'corrupt/reasons.txt'), 'utf8').split('\n');
  expect(reasons.length).toBeGreaterThan(paths.length);
}
