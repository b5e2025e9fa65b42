import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory, temporaryRoot, writeTree } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';
import { CLI } from '../support/world.js';

/** Prints at the end which modules Node has loaded, and which of our files were read. */
const TELL = `
const Module = require('node:module');
const files = [];
const extension = Module._extensions['.cjs'] ?? Module._extensions['.js'];
Module._extensions['.cjs'] = (module, file) => { files.push(file); return extension(module, file); };
process.on('exit', () => process._rawDebug(JSON.stringify({ builtins: process.moduleLoadList, files })));
`;

async function loadedBy(...args: string[]): Promise<{ builtins: string[]; files: string[]; stdout: string }> {
  const directory = writeTree(temporaryDirectory('start'), { 'tell.cjs': TELL });
  const { stdout, stderr } = await execa(
    process.execPath,
    ['--require', join(directory, 'tell.cjs'), CLI, ...args],
    { reject: false },
  );
  const told = stderr.split('\n').find((line) => line.startsWith('{"builtins"')) ?? '{}';
  return { ...JSON.parse(told), stdout };
}

describe('a command that only reads', () => {
  test.each(['list', 'status'])('%s loads nothing that it does not need', async (command) => {
    const root = temporaryRoot();
    await sealTinyRelease(root, '2026.6.1');
    const { builtins, files, stdout } = await loadedBy(command, '--root', root.path);
    expect(stdout).toContain(command === 'list' ? '2026.6.1' : root.path);
    // Checksums of records need zlib, and that needs stream.
    const heavy = ['http', 'net', 'child_process', 'crypto', 'worker_threads', 'readline'];
    expect(builtins.filter((name) => heavy.includes(name.replace('NativeModule ', '')))).toEqual([]);
    const ours = files.map((file) => file.split('/dist/')[1]);
    expect(ours).toEqual(['cli/main.cjs', 'cli/code-cache.cjs']);
  });

  test('status --follow, which does more, still works', async () => {
    const root = temporaryRoot();
    const { stdout, stderr, exitCode } = await execa(
      process.execPath,
      [CLI, 'status', '--follow', '--root', root.path, '--json'],
      { reject: false },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).error).toBeUndefined();
    expect(exitCode).toBe(0);
  });

  test('a wrong option is a usage error of the same shape', async () => {
    const { stdout, exitCode } = await execa(process.execPath, [CLI, 'list', '--jsno', '--json'], {
      reject: false,
    });
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe('usage');
  });

  test('help works for one command and for all', async () => {
    const [one, all] = await Promise.all(
      [['list', '--help'], ['--help']].map((args) => execa(process.execPath, [CLI, ...args])),
    );
    expect(one?.stdout).toContain('openclaw-releases list');
    for (const name of ['stage', 'list', 'status', 'doctor']) expect(all?.stdout).toContain(`  ${name}`);
  });

  test('a command writes nothing into a root that does not exist', async () => {
    const path = join(temporaryDirectory('none'), 'root');
    for (const command of ['list', 'status']) await execa(process.execPath, [CLI, command, '--root', path]);
    expect(existsSync(path)).toBe(false);
  });
});
