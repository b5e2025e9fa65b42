import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { realPath, realPlace } from '../../../src/host/real-path.js';
import { temporaryDirectory } from '../../support/place.js';

let base: string;

beforeEach(() => {
  base = temporaryDirectory();
  mkdirSync(join(base, 'disk/sub dir'), { recursive: true });
  symlinkSync('disk', join(base, 'home'));
  symlinkSync(join(base, 'disk/sub dir'), join(base, 'deep'));
  symlinkSync('loop', join(base, 'loop'));
  symlinkSync('nothing', join(base, 'dangling'));
});

describe.each([
  ['realPath', realPath],
  ['realPlace', realPlace],
])('%s', (_, real) => {
  test.each([
    ['through a link', 'home/r', 'disk/r'],
    ['through a link, with more that is missing', 'home/a/b/r', 'disk/a/b/r'],
    ['with a slash at its end', 'home/r//', 'disk/r'],
    ['with blanks and letters beyond ASCII', 'deep/ünï côde', 'disk/sub dir/ünï côde'],
    ['up from a link, as the kernel goes', 'deep/../r', 'disk/r'],
    ['up from what is missing', 'home/missing/../r', 'disk/r'],
    ['that ends in ..', 'deep/..', 'disk'],
    ['that ends in .', 'home/.', 'disk'],
    ['behind a link to nothing', 'dangling/r', 'dangling/r'],
    ['behind a loop of links', 'loop/r', 'loop/r'],
  ])('resolves a path %s', (_, typed, expected) => {
    expect(real(`${base}/${typed}`)).toBe(join(base, expected));
  });

  test('starts from the working directory', () => {
    vi.spyOn(process, 'cwd').mockReturnValue(join(base, 'home'));
    expect([real('r'), real('./r/'), real('../r')]).toEqual([
      join(base, 'disk/r'),
      join(base, 'disk/r'),
      join(base, 'r'),
    ]);
    vi.restoreAllMocks();
  });

  test('resolves the top', () => expect([real('/'), real('//')]).toEqual(['/', '/']));
});

test('realPlace keeps a link in the last place, and realPath follows it', () => {
  for (const typed of ['home', 'home/']) {
    expect(realPlace(`${base}/${typed}`)).toBe(join(base, 'home'));
    expect(realPath(`${base}/${typed}`)).toBe(join(base, 'disk'));
  }
});
