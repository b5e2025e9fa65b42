import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installLaunchers, installPlugin } from '../../../src/store/launchers.js';
import { IMPOSTOR_NAMES, replaceBy } from '../../support/damage.js';
import { temporaryRoot } from '../../support/place.js';

test.each(IMPOSTOR_NAMES)('a launcher is written again, without waiting, where it is %s', (how) => {
  const root = temporaryRoot();
  installLaunchers(root);
  const path = join(root.bin, 'gateway');
  const text = readFileSync(path, 'utf8');
  replaceBy(path, how);
  installLaunchers(root);
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a directory in the place of a launcher is kept for the operator', () => {
  const root = temporaryRoot();
  mkdirSync(join(root.bin, 'gateway/inside'), { recursive: true });
  installLaunchers(root);
  expect(readFileSync(join(root.path, 'corrupt/reasons.txt'), 'utf8')).toMatch(
    /: bin\/gateway is a directory\n$/,
  );
  rmSync(join(root.path, 'corrupt'), { recursive: true });
});

test.each(['skills', 'skills/openclaw-releases'])(
  'a file in the place of the directory %s keeps no other file of the plugin away',
  (name) => {
    const root = temporaryRoot();
    installPlugin(root);
    rmSync(join(root.plugin, name), { recursive: true });
    for (const file of ['package.json', 'openclaw.plugin.json']) rmSync(join(root.plugin, file));
    writeFileSync(join(root.plugin, name), 'mine');
    installPlugin(root);
    for (const file of ['skills/openclaw-releases/SKILL.md', 'package.json', 'openclaw.plugin.json']) {
      expect(existsSync(join(root.plugin, file))).toBe(true);
    }
    rmSync(join(root.path, 'corrupt'), { recursive: true });
  },
);
