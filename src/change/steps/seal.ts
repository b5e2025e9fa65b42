import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { size } from '../../core/size.js';
import type { Step } from '../../ledger/context.js';
import { describeRuntime } from '../../store/runtimes.js';
import { removeTree, sealRelease } from '../../store/seal.js';
import { alreadyStaged, stagedFacts } from './stage.js';

/** Has no undo: nothing points to a sealed release, the next try reuses it in seconds, and prune removes it later. */
export const seal: Step = {
  name: 'seal',
  skip: alreadyStaged,
  async do(context) {
    const { root, change, signal } = context;
    const { resolved, runtime, directory } = stagedFacts(context);
    const { install, pack } = change.facts;
    if (!install) throw new ReleasesError('internal', 'A release is sealed that was not installed.');
    const { id, version, spec, integrity, signature, engines, schemas } = resolved;
    const about = {
      ...{ id, version, spec, integrity, signature, engines, schemas },
      runtime: describeRuntime(root, runtime.version),
      main: join('node_modules/openclaw', resolved.bin),
      lockfileDigest: install.lockfileDigest,
      packages: install.packages,
      skippedScripts: install.skippedScripts,
      sharedBytes: install.sharedBytes ?? 0,
      ...(change.facts.learned && { learned: change.facts.learned }),
    };
    const manifest = await sealRelease(root, directory, about, {
      signal,
      replaces: change.facts.replaces ?? false,
      ...(pack && { treeDigest: pack.treeDigest }),
    });
    removeTree(root, join(directory, '..'));
    return `${manifest.files} files, ${size(manifest.bytes)}, read-only`;
  },
};
