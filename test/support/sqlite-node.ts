import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSqliteNode } from '../../src/state/copying/sqlite-node.js';

const MAJOR = 24;
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/openclaw-releases', import.meta.url));
let found: Promise<string> | undefined;

/** A Node that has SQLite: the one that runs the tests if it does, else one from the registry, fetched once. */
export function sqliteNode(): Promise<string> {
  found ??= find();
  return found;
}

async function find(): Promise<string> {
  const directory = join(CACHE, `node-${MAJOR}`);
  const name = `node-linux-${process.arch}`;
  const cached = join(directory, 'node_modules', name, 'bin/node');
  const here = await findSqliteNode([process.execPath, cached]);
  if (here !== null) return here;
  fetchNode(`${name}@${MAJOR}`, directory);
  const fetched = await findSqliteNode([cached]);
  if (fetched === null) throw new Error(`${cached} is no Node with SQLite.`);
  return fetched;
}

/** Whole or not at all: other test files look for it, too, and may be fetching it themselves. */
function fetchNode(spec: string, directory: string): void {
  mkdirSync(CACHE, { recursive: true });
  const partial = mkdtempSync(join(CACHE, 'partial-'));
  try {
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
    execFileSync('npm', ['install', '--prefix', partial, ...options, spec], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (!existsSync(directory)) renameSync(partial, directory);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
