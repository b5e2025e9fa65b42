import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { probeVersion } from '../../install/probe.js';
import type { Context, Step } from '../../ledger/context.js';
import { runtimeNode } from '../../store/runtimes.js';
import { tryCandidate } from '../candidate.js';
import { alreadyStaged, stagedFacts } from './stage.js';

/** Proves, before anything can point to it, that the staged tree runs and reports the expected version. */
export const probe: Step = {
  name: 'probe',
  skip: alreadyStaged,
  async do(context) {
    const { resolved, runtime, directory } = stagedFacts(context);
    const node = runtimeNode(context.root, runtime.version);
    const found = await probeVersion({
      node,
      main: join(directory, 'node_modules/openclaw', resolved.bin),
      scratch: join(directory, '../probe'),
      signal: context.signal,
    });
    if (found === resolved.version) return `says ${found}${await alsoStarted(context, node)}`;
    throw new ReleasesError(
      'probe_failed',
      `The staged package says that it is ${found}, not ${resolved.version}.`,
      {
        hint: `openclaw-releases stage ${resolved.version} once a corrected one is published`,
      },
    );
  },
};

async function alsoStarted(context: Context, node: string): Promise<string> {
  const { plan, facts } = context.change;
  if ((plan.probe ?? 'version') === 'version') return '';
  const { resolved, directory } = stagedFacts(context);
  const { note, versions } = await tryCandidate(context, {
    node,
    main: join(directory, 'node_modules/openclaw', resolved.bin),
    scratch: join(directory, '../candidate'),
    release: { directory, id: resolved.id },
  });
  if (versions) facts.learned = versions;
  return `, ${note}`;
}
