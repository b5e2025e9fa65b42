import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pacote from 'pacote';
import { ReleasesError } from '../../core/errors.js';
import { digestFile } from '../../host/digest.js';
import { FRUGAL_ENVIRONMENT } from '../../host/memory-flags.js';
import { killOwnTree } from '../../host/process-tree.js';
import { serve } from '../../host/serve.js';
import { BACKGROUND_NICE, setSessionPriority } from '../../host/session-priority.js';
import { sourceFailure } from '../../registry/failure.js';
import { tooNew } from '../../registry/release-age.js';
import type { InstallOrder, InstallProgress, InstallResult, Order, UnpackOrder } from '../messages.js';
import type { InstalledPackage } from './installed.js';
import { checkUnlocked, runInstallScripts } from './lifecycle.js';
import { shareEqual } from './share-equal.js';
import { installTree } from './tree.js';

async function install(
  order: InstallOrder,
  say: (progress: InstallProgress) => void,
): Promise<InstallResult> {
  const { directory, runtime, allowScripts, options } = order;
  const { installed, weakChecksums, asInstalled } = await installTree(order, say);
  const scripted = installed.filter(({ hasScripts }) => hasScripts);
  const mayRun = ({ name, trustedName }: InstalledPackage) =>
    trustedName && (name === 'openclaw' || allowScripts.includes(name));
  const chosen = scripted.filter(mayRun);
  const total = chosen.length;
  const tell = (done: number) => say({ phase: 'scripts', done, total });
  tell(0);
  await runInstallScripts(chosen, directory, runtime, options, tell);
  checkUnlocked(join(directory, 'node_modules/openclaw'));
  const skipped = scripted.filter((candidate) => !mayRun(candidate)).map(({ name }) => name);
  return {
    lockfileDigest: digestFile(join(directory, 'package-lock.json')).sha256,
    packages: installed.length,
    ranScripts: chosen.map(({ name }) => name),
    skippedScripts: [...new Set(skipped)].sort(),
    weakChecksums,
    sharedBytes: shareEqual(directory, order),
    asInstalled,
  };
}

async function unpack({ spec, integrity, directory, options }: UnpackOrder): Promise<null> {
  await pacote.extract(spec, directory, { ...options, integrity });
  // Headers and manuals are two thirds of the files; the licence stays.
  for (const name of ['include', 'share']) await rm(join(directory, name), { recursive: true, force: true });
  return null;
}

/** Rejects with what npm's libraries throw where nobody waits for it; the reason would be lost with this process. */
const uncaught = new Promise<never>((_resolve, reject) => process.on('uncaughtException', reject));

async function carryOut(order: Order, say: (progress: InstallProgress) => void) {
  try {
    return await Promise.race([order.kind === 'install' ? install(order, say) : unpack(order), uncaught]);
  } catch (error) {
    const about = order.kind === 'install' ? `openclaw@${order.version}` : order.spec;
    const failure =
      tooNew(error, order.options) ?? sourceFailure(error, about, order.options.registry, 'install');
    if (order.kind !== 'install' || order.installed === null || failure.code !== 'install_failed')
      throw failure;
    const hint = 'openclaw-releases adopt --no-lockfile, which looks its dependencies up anew';
    throw new ReleasesError(failure.code, failure.message, { hint, cause: error });
  }
}

// Lowers the priority of this session, which the parent created for this process.
void setSessionPriority(BACKGROUND_NICE);

// Install scripts must not inherit the allocator's settings.
for (const name of Object.keys(FRUGAL_ENVIRONMENT)) delete process.env[name];

serve(carryOut, killOwnTree);
