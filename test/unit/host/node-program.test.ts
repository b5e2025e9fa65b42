import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { askNode, ownNode } from '../../../src/host/node-program.js';
import { temporaryDirectory, writeTree } from '../../support/place.js';

const REAL = { path: realpathSync(process.execPath), version: process.versions.node };

let home: string;

beforeEach(() => {
  home = temporaryDirectory();
  writeTree(home, { 'bin/.keep': '' });
});

function program(text: string): string {
  const path = join(home, 'bin/node');
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

describe('a program that is named as Node', () => {
  test.each([
    ['a shim that starts it', `exec '${process.execPath}' "$@"`],
    ['a shim that starts it by the search path', `exec env node "$@"`],
    ['a shim that remains', `'${process.execPath}' "$@"; exit $?`],
    ['a shim that prints before', `echo 'now using node'; exec '${process.execPath}' "$@"`],
    ['a shim that chooses by HOME', `. "$HOME/.tool-versions"; exec "$chosen" "$@"`],
  ])('is the Node that it starts: %s', async (_, line) => {
    writeTree(home, { '.tool-versions': `chosen='${process.execPath}'\n` });
    const shim = program(`#!/bin/sh\n${line}\n`);
    const env = { HOME: home, PATH: process.env.PATH ?? '' };
    expect(await askNode(shim, { env })).toMatchObject(REAL);
  });

  test('says what this process knows of itself', async () => {
    expect(await askNode(process.execPath)).toEqual({ ...ownNode(), path: REAL.path });
  });

  test("is not given the options of the gateway's Node", async () => {
    const env = { NODE_OPTIONS: '--require /nothing' };
    expect(await askNode(process.execPath, { env })).toMatchObject(REAL);
  });

  test.each([
    ['it prints only a version', '#!/bin/sh\necho v22.1.0\n'],
    ['it prints another document', '#!/bin/sh\necho null\n'],
    ['it fails', '#!/bin/sh\nexit 3\n'],
    ['it is no program', 'nothing'],
  ])('is none when %s', async (_, text) => {
    expect(await askNode(program(text))).toBeNull();
  });

  test('is none when it is not there, or does not end', async () => {
    expect(await askNode(join(home, 'nothing'))).toBeNull();
    expect(await askNode(program('#!/bin/sh\nexec sleep 1000\n'), { timeoutMs: 100 })).toBeNull();
  });
});
