import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findSqliteNode } from '../../src/host/sqlite/sqlite-node.js';
import { FETCHED_NODE } from './sqlite-node.js';

/**
 * Fetches the Node that tests of databases need where the installing one has no SQLite, so that the tests themselves
 * need no network. A dependency would put its `node` in front of the Node that runs the scripts of this package.
 */
async function fetchNode(): Promise<void> {
  const { directory, package: name, major } = FETCHED_NODE;
  if (existsSync(directory) || (await findSqliteNode([process.execPath])) !== null) return;
  mkdirSync(dirname(directory), { recursive: true });
  const partial = mkdtempSync(join(dirname(directory), 'partial-'));
  const options = [
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--no-package-lock',
    '--global=false',
  ];
  try {
    execFileSync('npm', ['install', '--prefix', partial, ...options, `${name}@${major}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const unused of ['include', 'share']) {
      rmSync(join(partial, 'node_modules', name, unused), { recursive: true, force: true });
    }
    renameSync(partial, directory);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

await fetchNode().catch((error: Error) => {
  console.warn(`Tests of databases will fail on this Node: ${error.message} Next: npm ci`);
});
