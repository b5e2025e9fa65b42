#!/usr/bin/env node
import fs = require('node:fs');

/**
 * Commands with a bundle of their own (`build/bundle-cli.js`): most calls are these, and loading dominates a start.
 * The bundle is CommonJS, because Node's loader of ES modules takes longer to start than these commands.
 */
const LOOKING = ['list', 'status'];

/**
 * Moves to `/` when the working directory was removed or this user may not enter it (`sudo -u` in `/root`):
 * Node cannot start a child process there.
 */
function stand(): void {
  try {
    fs.accessSync(process.cwd(), fs.constants.X_OK);
  } catch {
    process.chdir('/');
  }
}

/** Returns null for any word but `--json` and `--root`: then the full program reads the command line. */
function commonOptions(words: string[]): { json: boolean; root?: string } | null {
  const options: { json: boolean; root?: string } = { json: false };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--json') {
      options.json = true;
      continue;
    }
    const root = word === '--root' ? words[++at] : word.startsWith('--root=') ? word.slice(7) : '';
    if (!root || root.startsWith('-')) return null;
    options.root = root;
  }
  return options;
}

stand();
const [, , name = '', ...words] = process.argv;
const options = LOOKING.includes(name) ? commonOptions(words) : null;
if (options) require('./fast-entry.cjs').run(name, options);
else void import('./entry.js').then(({ run }) => run(process.argv));
