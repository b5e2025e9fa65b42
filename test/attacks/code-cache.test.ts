import { execFileSync } from 'node:child_process';
import { chownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ORDINARY } from '../support/ordinary-user.js';
import { temporaryDirectory } from '../support/place.js';

const MODULE = fileURLToPath(new URL('../../dist/cli/code-cache.cjs', import.meta.url));

test('root keeps compiled code beside a program of its own, and writes nothing beside that of a user', () => {
  const program = join(temporaryDirectory('code'), 'run.cjs');
  writeFileSync(program, `console.log(require(${JSON.stringify(MODULE)}).run(process.argv[2]).answer);`);
  for (const [uid, files] of [
    [0, 2],
    [ORDINARY, 1],
  ] as const) {
    const directory = temporaryDirectory('code');
    const bundle = join(directory, 'bundle.cjs');
    writeFileSync(bundle, '(function (exports) { exports.answer = 1; })');
    for (const path of [directory, bundle]) chownSync(path, uid, uid);
    expect(execFileSync(process.execPath, [program, bundle], { encoding: 'utf8' })).toBe('1\n');
    expect([uid, readdirSync(directory).length]).toEqual([uid, files]);
  }
});
