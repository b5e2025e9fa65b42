import { chmodSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { ownFile } from '../core/own-files.js';
import { writeFileDurably } from '../host/durable.js';
import { moveAside } from './move-aside.js';
import type { Root } from './root.js';

const SHIPPED = {
  // First, because the launchers run it.
  restore: 'dist/restore.cjs',
  gateway: 'layout/bin/gateway',
  openclaw: 'layout/bin/openclaw',
};

/** Files of `plugin/`. OpenClaw looks for the last one first. */
const PLUGIN = [
  'index.js',
  'page.json',
  'skills/openclaw-releases/SKILL.md',
  'package.json',
  'openclaw.plugin.json',
];

const PLUGIN_DIRECTORIES = ['skills', 'skills/openclaw-releases'];

/** File in `plugin/` with the path of our command, on one line. */
export const COMMAND_FILE = 'command';

/** Writes the launchers into the root. Replaces each file of another version of this program as a whole. */
export function installLaunchers(root: Root): void {
  for (const [name, shipped] of Object.entries(SHIPPED)) {
    keep(root, join(root.bin, name), readFileSync(ownFile(shipped), 'utf8'), 0o755);
  }
}

/**
 * Writes the plugin into the root, where npm cannot remove it: older versions of OpenClaw do not start while a plugin
 * from their configuration is missing. Never throws: no change depends on it, least of all a rollback.
 */
export function installPlugin(root: Root): void {
  ifPossible(() => {
    mkdirSync(root.plugin, { recursive: true, mode: 0o700 });
    keep(root, join(root.plugin, COMMAND_FILE), `${ownFile('dist/cli/main.cjs')}\n`, 0o644);
    for (const name of PLUGIN_DIRECTORIES) keepDirectory(root, join(root.plugin, name));
    for (const name of PLUGIN) {
      keep(root, join(root.plugin, name), readFileSync(ownFile(`dist/plugin/${name}`), 'utf8'), 0o644);
    }
  });
}

function keepDirectory(root: Root, path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats && !stats.isDirectory()) moveAside(root, path, 'is no directory');
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

function keep(root: Root, path: string, text: string, mode: number): void {
  if (ifPossible(() => readPlainFile(path, LARGEST).toString()) === text) return;
  // A file cannot be renamed over a directory.
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) moveAside(root, path, 'is a directory');
  writeFileDurably(path, text, mode);
  chmodSync(path, mode);
}
