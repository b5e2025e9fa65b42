import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { replaceSymlinkDurably } from '../../../src/host/durable.js';
import { type Manifest, readManifest, releaseDirectory } from '../../../src/store/manifest.js';
import { writable } from '../../../src/store/move-aside.js';
import type { Root } from '../../../src/store/root.js';
import {
  bindRuntime,
  describeRuntime,
  linkedNode,
  runtimeFault,
  runtimeNode,
  usableRuntimes,
} from '../../../src/store/runtimes.js';
import { compareTree } from '../../../src/store/tree.js';
import { temporaryRoot } from '../../support/place.js';
import { makeTinyNode, sealTinyRelease, TINY_NODE } from '../../support/release.js';

const ID = '2026.6.1';

let root: Root;
let manifest: Manifest;
let node: string;

beforeEach(async () => {
  root = temporaryRoot();
  manifest = await sealTinyRelease(root, ID);
  node = runtimeNode(root, TINY_NODE);
});

const faults = () => [runtimeFault(root, manifest), runtimeFault(root, manifest, true)];

/** Other bytes of the same length, with the old time. */
function swapBytes(): void {
  const { modifiedMs = 0 } = manifest.runtime;
  chmodSync(node, 0o755);
  writeFileSync(node, '#'.repeat(manifest.runtime.bytes ?? 0));
  utimesSync(node, modifiedMs / 1000, modifiedMs / 1000 + 0.0005);
}

function relink(text: string): void {
  writable(releaseDirectory(root, ID), () =>
    replaceSymlinkDurably(join(releaseDirectory(root, ID), 'node'), text),
  );
}

test('a release is sealed with a Node of the root, and its bytes', () => {
  expect(manifest.runtime).toEqual({
    version: TINY_NODE,
    path: `../../runtimes/node-${TINY_NODE}/bin/node`,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    bytes: expect.any(Number),
    modifiedMs: expect.any(Number),
  });
  expect(faults()).toEqual([null, null]);
});

describe('a Node is seen that', () => {
  test.each<[string, RegExp, () => void]>([
    ['is missing', /^Node .* is missing$/, () => rmSync(dirname(dirname(node)), { recursive: true })],
    ['may not be executed', /cannot be read and executed$/, () => chmodSync(node, 0o644)],
    ['was cut off', /other bytes/, () => truncateSync(node, 3)],
    ['was written anew', /other bytes/, () => writeFileSync(node, '#'.repeat(manifest.runtime.bytes ?? 0))],
    [
      'is a directory',
      /is not a plain file/,
      () => {
        rmSync(node);
        mkdirSync(node);
      },
    ],
    [
      'is a link, also to the same',
      /is not a plain file/,
      () => {
        renameSync(node, `${node}-real`);
        symlinkSync('node-real', node);
      },
    ],
    [
      'has lost its link',
      /its link to a Node is gone/,
      () => {
        writable(releaseDirectory(root, ID), () => rmSync(join(releaseDirectory(root, ID), 'node')));
      },
    ],
    ['is another one', /its Node is .*node-98/, () => relink('../../runtimes/node-98.0.0/bin/node')],
    ['is outside of the root', /its Node is \/usr\/bin\/node/, () => relink('/usr/bin/node')],
  ])('%s', (_, why, damage) => {
    damage();
    expect(faults()).toEqual([expect.stringMatching(why), expect.stringMatching(why)]);
  });

  test('has other bytes of the same length and time, where it is read', () => {
    swapBytes();
    expect(faults()).toEqual([null, expect.stringContaining('other bytes')]);
  });

  test('was outside of the root when the release was sealed', () => {
    relink('/usr/bin/node');
    manifest = { ...manifest, runtime: { version: '22.0.0', path: '/usr/bin/node' } };
    expect(runtimeFault(root, manifest)).toBe(`its Node, /usr/bin/node, is outside of ${root.runtimes}`);
  });
});

test('a Node that a copy of the root gave another time is read, and is sound', () => {
  utimesSync(node, 1, 1);
  expect(faults()).toEqual([null, null]);
});

test('a release that gets another Node keeps its digest, and the manifest says which', async () => {
  makeTinyNode(root, '98.0.0');
  bindRuntime(root, manifest, describeRuntime(root, '98.0.0'));
  const bound = readManifest(root, ID);
  expect(bound).toEqual({ ...manifest, runtime: describeRuntime(root, '98.0.0') });
  expect(linkedNode(releaseDirectory(root, ID))).toBe('../../runtimes/node-98.0.0/bin/node');
  expect(runtimeFault(root, bound, true)).toBeNull();
  expect(await compareTree(releaseDirectory(root, ID), bound)).toEqual([]);
});

test('only an intact Node, or a Node of no release, is offered to another release', () => {
  makeTinyNode(root, '98.0.0');
  mkdirSync(join(root.runtimes, 'node-97.0.0'));
  mkdirSync(join(root.runtimes, 'junk'));
  expect(usableRuntimes(root).sort()).toEqual([TINY_NODE, '98.0.0'].sort());
  truncateSync(node, 3);
  expect(usableRuntimes(root)).toEqual(['98.0.0']);
});
