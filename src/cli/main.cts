#!/usr/bin/env node
import fs = require('node:fs');
import os = require('node:os');
import path = require('node:path');

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

/** Commands whose subcommands have the options. */
const GROUPS = ['timer', 'lockfile'];

/** Moves `--root`, `--json` and `--color` from before the name of a command to after it. */
function ordered(words: string[]): string[] {
  let at = 0;
  for (; /^--(json$|root(=|$)|color(=|$))/.test(words[at] ?? ''); at++)
    if (/^--(root|color)$/.test(words[at] ?? '')) at++;
  const name = words[at];
  if (at === 0 || name === undefined || name.startsWith('-')) return words;
  const end = at + (GROUPS.includes(name) && words[at + 1]?.startsWith('-') === false ? 2 : 1);
  return [...words.slice(at, end), ...words.slice(0, at), ...words.slice(end)];
}

const COLOURS = ['auto', 'always', 'never'];

function commonOptions(words: string[]): { json: boolean; root?: string; color?: string } | null {
  const options: { json: boolean; root?: string; color?: string } = { json: false };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--json') {
      options.json = true;
      continue;
    }
    if (word === '--color' || word.startsWith('--color=')) {
      const color = word === '--color' ? words[++at] : word.slice(8);
      if (color === undefined || !COLOURS.includes(color)) return null;
      options.color = color;
      continue;
    }
    const root = word === '--root' ? words[++at] : word.startsWith('--root=') ? word.slice(7) : '';
    if (!root || root.startsWith('-')) return null;
    options.root = root;
  }
  return options;
}

function rootWord(words: string[]): number {
  const at = words.findLastIndex((word) => word === '--root' || word.startsWith('--root='));
  return words[at] === '--root' ? at + 1 : at;
}

/** Same as in `core/profile`, which this module cannot import. */
function profileSuffix(profile = ''): string {
  const name = profile.trim();
  return /^[A-Za-z0-9_-]+$/.test(name) && name.toLowerCase() !== 'default' ? `-${name}` : '';
}

/** The root that a command line means, as `defaultRootPath` chooses it where none is named. */
function rootPath(words: string[]): string | null {
  const { OPENCLAW_RELEASES_ROOT, OPENCLAW_PROFILE, XDG_DATA_HOME } = process.env;
  const named = words[rootWord(words)]?.replace(/^--root=/, '') || OPENCLAW_RELEASES_ROOT;
  // Without `path.resolve`, which would take `..` from the text and not from the place that a link leads to.
  const absolute = (place: string) =>
    (path.isAbsolute(place) ? place : `${process.cwd()}/${place}`).replace(/\/+$/, '');
  if (named) return absolute(named);
  try {
    const data = XDG_DATA_HOME || path.join(os.homedir(), '.local/share');
    return absolute(path.join(data, `openclaw-releases${profileSuffix(OPENCLAW_PROFILE)}`));
  } catch {
    return null;
  }
}

/** Owner of a path, or of the nearest place above it that the kernel shows; a link at its end is not followed. */
function ownerOf(place: string): number {
  for (let at = place; at !== path.dirname(at); at = path.dirname(at)) {
    try {
      return (at === place ? fs.lstatSync(at) : fs.statSync(at)).uid;
    } catch {
      // Not there yet, behind a file or a loop of links, or in a filesystem of a user, which hides from the superuser.
    }
  }
  return 0;
}

/** Another user's root, for which the superuser's command must run as that user. */
function foreignRoot(words: string[]): { path: string; uid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const root = rootPath(words);
  if (root === null) return null;
  const uid = ownerOf(root);
  return uid === 0 ? null : { path: root, uid };
}

/** The owner's process may stand in another directory. */
function withAbsoluteRoot(words: string[], root: string): string[] {
  const at = rootWord(words);
  return words.map((word, index) => {
    if (index !== at) return word;
    return word.startsWith('--root=') ? `--root=${root}` : root;
  });
}

/** Commands with `--system`. */
const OF_UNIT = ['adopt', 'unadopt', 'uninstall', 'timer enable', 'timer disable'];

/** True where the superuser means the unit of another user and names no root: with `--system`. */
function meansUnit(name: string, words: string[]): boolean {
  if (process.getuid?.() !== 0 || !words.includes('--system')) return false;
  if (rootWord(words) >= 0 || process.env.OPENCLAW_RELEASES_ROOT) return false;
  const isHelp = words.includes('--help') || words.includes('-h');
  return !isHelp && OF_UNIT.includes(GROUPS.includes(name) ? `${name} ${words[0]}` : name);
}

async function start([, , name = '', ...words]: string[]): Promise<void> {
  // Says to the superuser's process, where that has started this one, that this user can start the program.
  if (process.env.OPENCLAW_RELEASES_PRIVILEGED) process.send?.({ id: 0 });
  const options = LOOKING.includes(name) ? commonOptions(words) : null;
  const unitRoot = meansUnit(name, words)
    ? await import('./entry.js').then(({ findUnitRoot }) => findUnitRoot(words))
    : null;
  const foreign = unitRoot ?? foreignRoot(words);
  if (foreign) {
    const { runForOwner } = await import('./entry.js');
    return runForOwner([name, ...withAbsoluteRoot(words, foreign.path)], foreign);
  }
  if (options)
    return require('./code-cache.cjs')
      .run(path.join(__dirname, `${name}.cjs`))
      .run(options);
  const { run } = await import('./entry.js');
  return run(process.argv);
}

stand();
process.argv.splice(2, Number.POSITIVE_INFINITY, ...ordered(process.argv.slice(2)));
start(process.argv).catch((error) => import('./entry.js').then(({ fail }) => fail(error, process.argv)));
