import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import {
  removeDurably,
  renameDurably,
  replaceSymlinkDurably,
  writeFileDurably,
} from '../../../src/host/durable.js';
import { temporaryDirectory } from '../../support/place.js';

const did = vi.hoisted(() => ({ calls: [] as string[], open: new Map<number, string>() }));

/** Real calls, each recorded with its path; a temporary name as `temporary`. */
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const note = (call: string, path: unknown) => {
    const name = String(path).split('/').at(-1) ?? '';
    did.calls.push(`${call} ${name.endsWith('.tmp') ? 'temporary' : name}`);
  };
  return {
    ...fs,
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const fd = fs.openSync(...args);
      did.open.set(fd, String(args[0]));
      return fd;
    },
    fsyncSync: (fd: number) => {
      note('fsync', did.open.get(fd));
      fs.fsyncSync(fd);
    },
    renameSync: (from: string, to: string) => {
      note('rename to', to);
      fs.renameSync(from, to);
    },
    symlinkSync: (target: string, path: string) => {
      note('link', path);
      fs.symlinkSync(target, path);
    },
    rmSync: (path: string, options: object) => {
      note('remove', path);
      fs.rmSync(path, options);
    },
  };
});

let place: string;

beforeEach(() => {
  place = join(temporaryDirectory(), 'place');
  mkdirSync(place);
  did.calls = [];
});

test('a file is on disk before it has its name, and its name before anything else happens', () => {
  writeFileDurably(join(place, 'file'), 'content');
  expect(did.calls).toEqual(['fsync temporary', 'rename to file', 'fsync place']);
  expect(readFileSync(join(place, 'file'), 'utf8')).toBe('content');
});

test('a link is replaced by one rename that is on disk', () => {
  replaceSymlinkDurably(join(place, 'link'), 'target');
  expect(did.calls).toEqual(['link temporary', 'rename to link', 'fsync place']);
  expect(readlinkSync(join(place, 'link'))).toBe('target');
});

test('a rename to another directory is on disk in both', () => {
  mkdirSync(join(place, 'other'));
  writeFileSync(join(place, 'file'), '');
  renameDurably(join(place, 'file'), join(place, 'other/file'));
  expect(did.calls).toEqual(['rename to file', 'fsync other', 'fsync place']);
});

test('a removal is on disk, also of a path that does not exist', () => {
  removeDurably(join(place, 'file'));
  expect(did.calls).toEqual(['remove file', 'fsync place']);
});
