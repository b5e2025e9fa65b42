import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryRoot } from '../support/place.js';
import { sealTinyRelease } from '../support/release.js';
import { CLI } from '../support/world.js';

test.each(['list', 'status'])(
  'a command that only reads: %s gives the answer of the program that knows every command',
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
