import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { untrustedParent } from '../../../src/host/trust.js';
import { temporaryDirectory } from '../../support/place.js';

const me = process.getuid?.() ?? 0;
/** A number that no account has. */
const STRANGER = 987_654;

let base: string;

beforeEach(() => {
  base = temporaryDirectory();
  mkdirSync(join(base, 'a/b'), { recursive: true, mode: 0o755 });
  for (const path of ['a', 'a/b']) chmodSync(join(base, path), 0o755);
});

/** Asks about `path` as a user for whom the owner of `a` is a stranger. */
function askStranger(path: string): ReturnType<typeof untrustedParent> {
  if (me !== 0) return untrustedParent(path, STRANGER);
  chownSync(join(base, 'a'), STRANGER, STRANGER);
  return untrustedParent(path, 0);
}

describe('the way to a root', () => {
  test('is trusted where only this user and the superuser can change it', () => {
    expect(untrustedParent(join(base, 'a/b/root'), me)).toBeNull();
    expect(untrustedParent('/usr/root', me)).toBeNull();
    expect(untrustedParent('/', me)).toBeNull();
  });

  test('is trusted below a sticky directory of the superuser, also where nothing is there yet', () => {
    expect(untrustedParent('/tmp/openclaw-releases-nobody-made-this', me)).toBeNull();
  });

  test.each([0o777, 0o757, 0o773, 0o722])('is not trusted through a directory of mode %o', (mode) => {
    chmodSync(join(base, 'a'), mode);
    expect(untrustedParent(join(base, 'a/b/root'), me)).toEqual({
      path: join(base, 'a'),
      why: `can be written by others (mode 0${mode.toString(8)})`,
    });
  });

  test('is trusted through a sticky directory, whose entries only their owners can rename', () => {
    chmodSync(join(base, 'a'), 0o1777);
    expect(untrustedParent(join(base, 'a/b/root'), me)).toBeNull();
  });

  test('counts the directory that holds the root, and not the root', () => {
    chmodSync(join(base, 'a/b'), 0o777);
    expect(untrustedParent(join(base, 'a/b'), me)).toBeNull();
    expect(untrustedParent(join(base, 'a/b/root'), me)).toMatchObject({ path: join(base, 'a/b') });
  });

  test('is not trusted through a directory of another user', () => {
    expect(askStranger(join(base, 'a/b/root'))?.why).toMatch(/^belongs to user \d+$/);
  });

  test('is followed through links, each of which counts with the place that it leads to', () => {
    mkdirSync(join(base, 'open'));
    chmodSync(join(base, 'open'), 0o777);
    symlinkSync('../open', join(base, 'a/relative'));
    symlinkSync(join(base, 'open'), join(base, 'a/absolute'));
    symlinkSync('b', join(base, 'a/harmless'));
    for (const name of ['relative', 'absolute']) {
      expect(untrustedParent(join(base, 'a', name, 'root'), me), name).toMatchObject({
        path: join(base, 'open'),
      });
    }
    expect(untrustedParent(join(base, 'a/harmless/root'), me)).toBeNull();
  });

  test('is not trusted through a link of another user, wherever it leads', () => {
    symlinkSync('/usr', join(base, 'a/link'));
    const found = askStranger(join(base, 'a/link/root'));
    expect(found?.why).toMatch(/^belongs to user/);
  });

  test('ends for a loop of links', () => {
    symlinkSync('two', join(base, 'one'));
    symlinkSync('one', join(base, 'two'));
    expect(untrustedParent(join(base, 'one/root'), me)?.why).toBe('is one of too many links');
  });

  test('is no error where it is missing, too long or behind a file', () => {
    writeFileSync(join(base, 'file'), '');
    for (const path of ['missing/x/root', 'file/x/root', `${'x'.repeat(300)}/root`]) {
      expect(untrustedParent(join(base, path), me), path).toBeNull();
    }
  });
});
