import { lchownSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyInstall } from '../../src/adopt/copy.js';
import { temporaryDirectory, writeTree } from '../support/place.js';

describe('the superuser that adopts the install of another user', () => {
  const OWNER = 1234;

  /** An install of the user, and beside it a secret of the superuser. */
  function lay(files: Record<string, string>): { home: string; packageRoot: string; secrets: string } {
    const secrets = writeTree(temporaryDirectory('secrets'), {
      'package.json': '{"name":"a","version":"1.0.0"}',
      '.env': 'TOKEN=secret',
    });
    const home = writeTree(temporaryDirectory('home'), {
      'openclaw/package.json': '{"name":"openclaw","version":"2026.5.28","dependencies":{"a":"1"}}',
      'openclaw/index.js': '',
      'shared/text.txt': 'of the user',
      ...Object.fromEntries(
        Object.entries(files).map(([path, text]) => [path, text.replace('SECRETS', secrets)]),
      ),
    });
    for (const entry of readdirSync(home, { recursive: true }) as string[])
      lchownSync(join(home, entry), OWNER, OWNER);
    return { home, packageRoot: join(home, 'openclaw'), secrets };
  }

  const copy = (packageRoot: string, into: string) =>
    copyInstall({ install: { packageRoot, version: '2026.5.28' }, into });

  test.each([
    ['a link to a file', { 'openclaw/shadow': '-> SECRETS/.env' }],
    ['a link to a directory', { 'openclaw/all': '-> SECRETS' }],
    ['a link to a link', { 'openclaw/one': '-> ../two', two: '-> SECRETS/.env' }],
    [
      'a link to a directory of its own with such a link',
      { 'openclaw/one': '-> ../more', 'more/x': '-> SECRETS/.env' },
    ],
    ['a dependency that is a link', { 'node_modules/a': '-> SECRETS' }],
  ])('copies nothing of its own through %s', async (_, files) => {
    const { packageRoot, secrets } = lay(files);
    const into = temporaryDirectory('into');
    await expect(copy(packageRoot, into)).rejects.toMatchObject({
      code: 'install_failed',
      message: expect.stringMatching(new RegExp(`^${secrets}\\S* belongs to the user 0`)),
      hint: expect.stringContaining('openclaw-releases stage 2026.5.28'),
    });
    const copied = readdirSync(into, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of copied) {
      expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain('secret');
    }
  });

  test('copies no file of its own that was moved into the package', async () => {
    const { packageRoot, secrets } = lay({});
    renameSync(join(secrets, '.env'), join(packageRoot, 'moved'));
    await expect(copy(packageRoot, temporaryDirectory('into'))).rejects.toMatchObject({
      code: 'install_failed',
      message: expect.stringContaining('moved belongs to the user 0'),
    });
  });

  test('copies what else belongs to that user', async () => {
    const { packageRoot } = lay({ 'openclaw/text': '-> ../shared/text.txt', 'openclaw/all': '-> ../shared' });
    const into = temporaryDirectory('into');
    await copy(packageRoot, into);
    for (const path of ['text', 'all/text.txt'])
      expect(readFileSync(join(into, 'node_modules/openclaw', path), 'utf8')).toBe('of the user');
  });
});
