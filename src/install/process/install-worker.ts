import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pacote from 'pacote';
import { toErrorRecord } from '../../core/errors.js';
import { FRUGAL_ENVIRONMENT } from '../../host/memory-flags.js';
import { killOwnTree } from '../../host/process-tree.js';
import { BACKGROUND_NICE, setSessionPriority } from '../../host/session-priority.js';
import { sourceFailure } from '../../registry/failure.js';
import { digestLockfile } from '../lockfile.js';
import type { Answer, InstallOrder, InstallResult, Order, UnpackOrder } from '../messages.js';
import { trustOnce } from './default-ca.js';
import { collectAllGarbage } from './gc.js';
import type { InstalledPackage } from './installed.js';
import { checkUnlocked, runInstallScripts } from './lifecycle.js';
import { installTree } from './tree.js';

function say(answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    // Send errors are ignored, because a dead parent needs no answer.
    process.send?.(answer, undefined, undefined, () => resolve());
  });
}

async function install(order: InstallOrder): Promise<InstallResult> {
  const { directory, runtime, allowScripts, options } = order;
  const { installed, weakChecksums } = await installTree(
    order,
    (progress) => void say({ type: 'progress', progress }),
  );
  const scripted = installed.filter(({ hasScripts }) => hasScripts);
  const mayRun = ({ name, trustedName }: InstalledPackage) =>
    trustedName && (name === 'openclaw' || allowScripts.includes(name));
  const chosen = scripted.filter(mayRun);
  const total = chosen.length;
  const tell = (done: number) => void say({ type: 'progress', progress: { phase: 'scripts', done, total } });
  tell(0);
  // Frees the tree, most of this process's memory, before scripts start more processes.
  collectAllGarbage();
  await runInstallScripts(chosen, directory, runtime, options, tell);
  checkUnlocked(join(directory, 'node_modules/openclaw'));
  const skipped = scripted.filter((candidate) => !mayRun(candidate)).map(({ name }) => name);
  return {
    lockfileDigest: digestLockfile(join(directory, 'package-lock.json')),
    packages: installed.length,
    ranScripts: chosen.map(({ name }) => name),
    skippedScripts: [...new Set(skipped)].sort(),
    weakChecksums,
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

async function carryOut(given: Order): Promise<Answer> {
  const order = { ...given, options: trustOnce(given.options) };
  try {
    const work = order.kind === 'install' ? install(order) : unpack(order);
    return { type: 'done', report: await Promise.race([work, uncaught]) };
  } catch (error) {
    const about = order.kind === 'install' ? `openclaw@${order.version}` : order.spec;
    return {
      type: 'failed',
      error: toErrorRecord(sourceFailure(error, about, order.options.registry, 'install')),
    };
  }
}

// Lowers the priority of this session, which the parent created for this process.
void setSessionPriority(BACKGROUND_NICE);

// Install scripts must not inherit the allocator's settings.
for (const name of Object.keys(FRUGAL_ENVIRONMENT)) delete process.env[name];

// The requester is gone, so nobody needs the work or its children.
process.once('disconnect', killOwnTree);
process.once('message', async (order: Order) => {
  await say(await carryOut(order));
  process.exit();
});
