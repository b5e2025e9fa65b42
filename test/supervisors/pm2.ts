import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '7.0.4';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/openclaw-releases', import.meta.url));

/** Path of the program, which is installed beside the caches of the tests: this package does not depend on it. */
export function pm2Path(): string {
  const directory = join(CACHE, `pm2-${VERSION}`);
  if (!existsSync(directory)) install(directory);
  return join(directory, 'node_modules/pm2/bin/pm2');
}

function install(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true });
  const partial = mkdtempSync(join(CACHE, 'partial-'));
  const options = [
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--no-package-lock',
    '--global=false',
  ];
  try {
    execFileSync('npm', ['install', '--prefix', partial, ...options, '--omit=optional', `pm2@${VERSION}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    renameSync(partial, directory);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
