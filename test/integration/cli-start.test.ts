import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
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

  test.each(['list', 'status'])(
    '%s gives the answer of the program that knows every command',
    async (command) => {
      const root = temporaryRoot();
      await sealTinyRelease(root, '2026.6.1');
      const every = pathToFileURL(join(dirname(CLI), 'entry.js')).href;
      const script = `import(${JSON.stringify(every)}).then(({ run }) => run([process.execPath, '', ...process.argv.slice(1)]))`;
      const both = async (...args: string[]) => {
        const answers = [];
        for (const start of [[CLI], ['-e', script, '--']]) {
          const { stdout, stderr, exitCode } = await execa(process.execPath, [...start, command, ...args], {
            env: { OPENCLAW_RELEASES_ROOT: '', XDG_DATA_HOME: dirname(root.path) },
            reject: false,
          });
          answers.push({ stdout, stderr, exitCode });
        }
        return answers;
      };
      const spellings = [
        [],
        ['--root', root.path],
        [`--root=${root.path}`, '--json'],
        ['--root', '/1', '--root', root.path],
        // Commander takes the next word as the value, even an option.
        ['--root', '--json'],
      ];
      // An option without its value, a value for a flag, a word that is no option, an option of another command.
      const wrong = [['--root'], ['--json=yes'], ['x'], ['--settle', '1']];
      for (const args of [...spellings, ...wrong]) {
        const [quick, full] = await both(...args);
        expect(quick, args.join(' ')).toEqual(full);
        expect(quick?.exitCode, args.join(' ')).toBe(wrong.includes(args) ? 2 : 0);
      }
      const [{ stdout = '' } = {}] = await both('--json');
      if (command === 'status')
        expect(JSON.parse(stdout).root).toBe(join(dirname(root.path), 'openclaw-releases'));
      writeFileSync(join(root.path, 'supervisor.json'), '');
      for (const args of [
        ['--root', root.path],
        ['--json', '--root', root.path],
      ]) {
        const [quick, full] = await both(...args);
        expect(quick).toEqual(full);
        expect(quick?.stdout + (quick?.stderr ?? '')).toContain('root_invalid');
      }
    },
  );

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
