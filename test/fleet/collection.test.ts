import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../lab/system.js';
import { temporaryDirectory } from '../support/place.js';
import { slowness } from '../support/slowness.js';

test(
  'the collection passes ansible-lint at its production profile, and can be built',
  async () => {
    const directory = temporaryDirectory('collection');
    // The linter and the builder write beside it.
    const copy = join(directory, 'collection');
    cpSync(join(REPOSITORY, 'deploy/ansible'), copy, { recursive: true });
    const options = { cwd: copy, all: true, reject: false, env: { HOME: directory, NO_COLOR: '1' } };
    const lint = await execa('ansible-lint', ['--offline', '--profile', 'production'], options);
    expect(lint.exitCode, lint.all).toBe(0);
    expect(lint.all).toMatch(/^Passed.*: 0 failure\(s\), 0 warning\(s\)/m);
    const built = await execa('ansible-galaxy', ['collection', 'build', '--output-path', directory], options);
    expect(built.exitCode, built.all).toBe(0);
    expect(readdirSync(directory)).toContain('openclaw-releases-1.0.0.tar.gz');
  },
  240_000 * slowness,
);
