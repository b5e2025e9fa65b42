/**
 * npm's script `prepare`: builds the program in a checkout. Where the tools of the build are missing, it installs them
 * first and removes them afterwards: `npm ci --omit=dev`, and npm's own clone for an address of git.
 *
 * For `npm install --global` of an address of git, npm before 12 hands `global` down to the npm that shall install the
 * tools into its clone. That npm installs no tools. It puts a link to the clone where the package belongs, and npm
 * then unpacks the package through it, into a clone that it removes. So the link must go before that. The libraries are
 * bundled (`bundleDependencies`), because npm would unpack them meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = realpathSync(fileURLToPath(new URL('..', import.meta.url)));
const isClone = /\/_cacache\/tmp\/git-clone[^/]*$/.test(checkout);

/** Settings of the calling npm that say where, and which part, it installs. */
const OTHERS =
  /^npm_config_(global|location|prefix|global_prefix|local_prefix|include|omit|only|also|production|optional|dev|dry_run|package_lock|package_lock_only|ignore_scripts|force|save|workspaces?|install_strategy|install_links)$/i;
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !OTHERS.test(name) && name !== 'NODE_ENV'),
);

function run(command, ...args) {
  execFileSync(command, args, { cwd: checkout, env, stdio: 'inherit' });
}

function npm(...args) {
  const { npm_execpath: cli } = process.env;
  if (cli?.endsWith('.js')) run(process.execPath, cli, ...args);
  else run('npm', ...args);
}

/** The last command of a build makes the program executable. */
function isBuilt() {
  const program = statSync(join(checkout, 'dist/cli/main.cjs'), { throwIfNoEntry: false });
  return program !== undefined && (program.mode & 0o100) !== 0;
}

/** Puts a directory in place of a link to this clone. */
function unlinkClone() {
  const { npm_config_prefix: prefix, npm_package_name: name } = process.env;
  if (prefix === undefined || name === undefined) return;
  const place = join(prefix, 'lib/node_modules', name);
  if (!existsSync(place) || realpathSync(place) !== checkout) return;
  rmSync(place);
  mkdirSync(place);
}

// npm runs this twice in its clone.
if (!isClone || !isBuilt()) {
  const hasTools = existsSync(join(checkout, 'node_modules/typescript/package.json'));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
  if (!hasTools) npm('ci', '--include=dev', ...quiet);
  npm('run', '--silent', 'build');
  if (!hasTools) npm('prune', '--omit=dev', '--no-save', ...quiet);
  else if (!isClone) run(process.execPath, '--import', 'tsx', 'test/support/fetch-node.ts');
}
// The npm that unpacks the package names the clone as its source; the npm that installs tools does not.
const { npm_package_resolved: source = '' } = process.env;
if (isClone && existsSync(source) && realpathSync(source) === checkout) unlinkClone();
