#!/usr/bin/env node
import fs = require('node:fs');

/**
 * Most is asked of `list` and `status`, and a start is above all loading: they have a file of their own, see
 * `build/bundle-cli.js`, without what reads every other command line. All of it is CommonJS, as Node's loader of other
 * modules takes longer to start than they do.
 */
const LOOKING = ['list', 'status'];

/**
 * Processes are started in this directory. One that was removed, or that this user may not enter (`sudo -u` in `/root`), would
 * keep each of them from starting.
 */
function stand(): void {
  try {
    fs.accessSync(process.cwd(), fs.constants.X_OK);
  } catch {
    process.chdir('/');
  }
}

/** What all commands have, and null where there is anything else: that is for the program that knows every command. */
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
