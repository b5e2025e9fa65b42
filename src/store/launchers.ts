import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFile } from '../core/own-files.js';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';

/** What is put into `bin/`, by its name there. */
const SHIPPED = {
  // First, because a launcher that knows of it runs it.
  restore: 'dist/restore.cjs',
  gateway: 'layout/bin/gateway',
  openclaw: 'layout/bin/openclaw',
};

/** What is put into `plugin/`; last what OpenClaw looks for first. */
const PLUGIN = ['index.js', 'page.json', 'package.json', 'openclaw.plugin.json'];

/** In `plugin/`: the path of our command, on one line. */
export const COMMAND_FILE = 'command';

/** Puts the launchers and what they need into the root, replacing those of another version of this program whole. */
export function installLaunchers(root: Root): void {
  for (const [name, shipped] of Object.entries(SHIPPED)) {
    keep(join(root.bin, name), readFileSync(ownFile(shipped), 'utf8'), 0o755);
  }
}

/**
 * Puts the plugin into the root. Older versions of OpenClaw do not start while a plugin that their configuration names is
 * not there, so what it names must not be where npm replaces and removes it. Never throws: no change, and least of all
 * one that goes back, depends on it.
 */
export function installPlugin(root: Root): void {
  try {
    mkdirSync(root.plugin, { recursive: true, mode: 0o700 });
    keep(join(root.plugin, COMMAND_FILE), `${ownFile('dist/cli/main.cjs')}\n`, 0o644);
    for (const name of PLUGIN) {
      keep(join(root.plugin, name), readFileSync(ownFile(`dist/plugin/${name}`), 'utf8'), 0o644);
    }
  } catch {}
}

function keep(path: string, text: string, mode: number): void {
  if (readIfThere(path) === text) return;
  writeFileDurably(path, text, mode);
  chmodSync(path, mode);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
