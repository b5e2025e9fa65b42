import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exec } from '../host/exec.js';
import { makeTemporaryDirectory } from '../host/temporary.js';
import { findPrograms } from './program.js';

const NPM_TIMEOUT_MS = 20_000;

/** Directories of global packages, likeliest first, existing or not. Asks `npm`, because its prefix is configurable. */
export async function globalPackageDirectories(env: NodeJS.ProcessEnv, home: string): Promise<string[]> {
  const searchPath = env.PATH ?? '';
  const besideNode = findPrograms('node', searchPath).map((node) =>
    join(dirname(node), '../lib/node_modules'),
  );
  const data = env.XDG_DATA_HOME || join(home, '.local/share');
  const nvm = env.NVM_DIR || join(home, '.nvm');
  const pnpm = join(env.PNPM_HOME || join(data, 'pnpm'), 'global');
  return [
    ...(await npmRoot(env, home)),
    ...besideNode,
    ...[join(home, '.npm-global'), join(home, '.local'), '/usr/local', '/usr', '/opt/homebrew'].map(
      (prefix) => join(prefix, 'lib/node_modules'),
    ),
    ...below(join(nvm, 'versions/node'), 'lib/node_modules'),
    ...below(join(env.FNM_DIR || join(data, 'fnm'), 'node-versions'), 'installation/lib/node_modules'),
    ...below(join(data, 'mise/installs/node'), 'lib/node_modules'),
    ...below(join(home, '.asdf/installs/nodejs'), 'lib/node_modules'),
    join(home, '.volta/tools/image/packages/openclaw/lib/node_modules'),
    ...below(pnpm, 'node_modules'),
    // Newer pnpm gives each global package its own directory, one level deeper.
    ...below(pnpm, '.').flatMap((version) => below(version, 'node_modules')),
    join(env.BUN_INSTALL || join(home, '.bun'), 'install/global/node_modules'),
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'yarn/global/node_modules'),
  ];
}

async function npmRoot(env: NodeJS.ProcessEnv, home: string): Promise<string[]> {
  const [npm] = findPrograms('npm', env.PATH ?? '');
  if (!npm) return [];
  // npm creates its cache directory before it answers; this check must leave nothing in the home.
  const cache = makeCache();
  if (cache === null) return [];
  try {
    const { ok, stdout } = await exec(npm, ['root', '--global'], {
      cwd: home,
      env: {
        ...env,
        HOME: home,
        npm_config_cache: cache,
        npm_config_logs_max: '0',
        npm_config_update_notifier: 'false',
      },
      timeoutMs: NPM_TIMEOUT_MS,
    });
    const answer = stdout.trim().split('\n').at(-1) ?? '';
    return ok && answer.startsWith('/') ? [answer] : [];
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Null on a host without a usable temporary directory: the other places are looked at without npm. */
function makeCache(): string | null {
  try {
    return makeTemporaryDirectory('openclaw-releases-npm-');
  } catch {
    return null;
  }
}

/** Paths of what is in a directory, the last name first, each with more behind it. */
export function below(directory: string, rest: string): string[] {
  try {
    return readdirSync(directory)
      .sort()
      .reverse()
      .map((name) => join(directory, name, rest));
  } catch {
    return [];
  }
}
