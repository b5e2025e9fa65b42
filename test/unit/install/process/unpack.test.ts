import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import pacote from 'pacote';
import ssri from 'ssri';
import { Header } from 'tar';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unpack } from '../../../../src/install/process/unpack.js';

interface Entry {
  path: string;
  text?: string;
  mode?: number;
  type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'FIFO';
  linkpath?: string;
}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'unpack-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function pack(entries: Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, text = '', mode = 0o644, type = 'File', linkpath }) => {
    const bytes = Buffer.from(text);
    const header = new Header({ path, mode, type, size: bytes.length, ...(linkpath && { linkpath }) });
    header.encode();
    return [header.block ?? Buffer.alloc(512), bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function write(bytes: Buffer): string {
  const archive = join(directory, 'archive.tgz');
  writeFileSync(archive, bytes);
  return archive;
}

/** Lists the contents of a directory: modes, and texts of files. */
function below(root: string): Record<string, string> {
  const paths = readdirSync(root, { recursive: true }).map(String).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const stat = lstatSync(join(root, path));
      const mode = (stat.mode & 0o7777).toString(8);
      return [path, stat.isFile() ? `${mode} ${readFileSync(join(root, path), 'utf8')}` : mode];
    }),
  );
}

/** Unpacks with our code and with pacote, which reports its end before the last directories are made. */
async function expectTheSame(bytes: Buffer): Promise<void> {
  const archive = write(bytes);
  unpack({ archive, integrity: String(ssri.fromData(bytes)), into: join(directory, 'ours') });
  await pacote.extract(`file:${archive}`, join(directory, 'theirs'), { cache: join(directory, 'cache') });
  const ours = below(join(directory, 'ours'));
  expect(ours['package.json']).toBe(`644 ${manifest.text}`);
  await vi.waitFor(() => expect(below(join(directory, 'theirs'))).toEqual(ours));
}

const manifest = { path: 'package/package.json', text: '{"name":"a","version":"1.0.0"}' };

describe('unpack', () => {
  test.each<[string, Entry[]]>([
    [
      'plain files of every mode',
      [
        { path: 'package/a', mode: 0o755 },
        { path: 'package/b', mode: 0o400 },
        { path: 'package/c', mode: 0 },
      ],
    ],
    [
      'another first directory',
      [
        { path: 'else/a', text: 'x' },
        { path: './package/b', text: 'y' },
      ],
    ],
    [
      'directories, also after what is in them',
      [
        { path: 'package/d/a' },
        { path: 'package/d/', type: 'Directory', mode: 0o700 },
        { path: 'package/e/f/', type: 'Directory', mode: 0o711 },
      ],
    ],
    [
      'the same file twice',
      [
        { path: 'package/a', text: 'first and longer', mode: 0o755 },
        { path: 'package/a', text: 'second' },
      ],
    ],
    [
      'links, which npm leaves out',
      [
        { path: 'package/out', type: 'SymbolicLink', linkpath: '/' },
        { path: 'package/out/a', text: 'x' },
        { path: 'package/hard', type: 'Link', linkpath: 'package/package.json' },
      ],
    ],
    [
      'entries that lead outside',
      [
        { path: 'package/../../outside', text: 'x' },
        { path: 'package/../x', text: 'x' },
        { path: '/etc/absolute', text: 'x' },
        { path: '../up', text: 'x' },
      ],
    ],
    [
      'backslashes, colons and doubled slashes',
      [
        { path: 'package/a\\b', text: 'x' },
        { path: 'package/c:d', text: 'y' },
        { path: 'package//e', text: 'z' },
      ],
    ],
    [
      'a file where a directory was',
      [
        { path: 'package/d/', type: 'Directory' },
        { path: 'package/d', text: 'x' },
      ],
    ],
    [
      'a directory where a file was',
      [
        { path: 'package/d', text: 'x' },
        { path: 'package/d/a', text: 'y' },
      ],
    ],
    [
      'what is no file',
      [
        { path: 'package/pipe', type: 'FIFO' },
        { path: 'package', type: 'Directory' },
        { path: 'package', text: 'x' },
      ],
    ],
    [
      '.gitignore beside .npmignore and alone',
      [
        { path: 'package/.npmignore' },
        { path: 'package/.gitignore', text: 'x' },
        { path: 'package/d/.gitignore', text: 'y' },
      ],
    ],
  ])('unpacks %s as pacote does', async (_what, entries) => {
    const bytes = pack([manifest, ...entries]);
    for (const archive of [gzipSync(bytes), bytes]) {
      await expectTheSame(archive);
      for (const name of ['ours', 'theirs']) rmSync(join(directory, name), { recursive: true });
    }
    expect(readdirSync(directory).sort()).toEqual(['archive.tgz', 'cache']);
  });

  test('reports another checksum of an archive that is valid otherwise', () => {
    const archive = write(gzipSync(pack([manifest])));
    const integrity = String(ssri.fromData('something else'));
    const into = join(directory, 'into');
    expect(() => unpack({ archive, integrity, into })).toThrow(
      expect.objectContaining({ code: 'EINTEGRITY' }),
    );
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['no archive', () => Buffer.from('<html>Please log in</html>'.repeat(40))],
    ['empty', () => Buffer.alloc(0)],
  ])('fails on an archive that is %s', (_what, damage) => {
    const whole = gzipSync(
      pack([manifest, { path: 'package/a', text: Math.random().toString(36).repeat(9_000) }]),
    );
    const archive = write(damage(whole));
    expect(() => unpack({ archive, integrity: null, into: join(directory, 'into') })).toThrow(/./);
  });
});
