import { ReleasesError } from '../../errors.js';
import { resolveRelease } from '../../source/resolve.js';
import { chooseRuntime } from '../../source/runtime.js';
import { parseSpec, type Spec } from '../../source/spec.js';
import { directoryNames, type Manifest, readManifest } from '../../store/manifest.js';
import { quarantineEnd, quarantineOf, readPolicy } from '../../store/policy.js';
import type { Root } from '../../store/root.js';
import { currentRelease, readTrial } from '../../store/switch.js';
import { compareVersions } from '../../version.js';
import { type Context, NothingToDo, type Step } from '../context.js';
import { runningRelease } from '../running.js';

/** Turns what was asked for into one exact release, and refuses those that must not be taken. */
export const resolve: Step = {
  name: 'resolve',
  async do(context) {
    const { root, change, signal } = context;
    const { facts, plan } = change;
    const spec = parseSpec(plan.target);
    const present = spec.kind === 'version' ? manifestIfThere(root, spec.version) : null;
    if (present) {
      facts.to = present.id;
      facts.alreadyStaged = true;
    } else {
      facts.resolved = await resolveRelease(spec, await context.client(), signal);
      facts.to = facts.resolved.id;
      facts.alreadyStaged = manifestIfThere(root, facts.to) !== null;
    }
    if (plan.kind === 'update') await checkUpdate(context, spec, facts.to);
    if (facts.alreadyStaged) return `${facts.to} is here already`;
    return `${facts.to}, ${await pickRuntime(context)}`;
  },
};

async function pickRuntime(context: Context): Promise<string> {
  const { root, change } = context;
  const runtime = await chooseRuntime({
    engines: change.facts.resolved?.engines ?? null,
    hostNode: { path: process.execPath, version: process.versions.node },
    present: directoryNames(root.runtimes).map((name) => name.replace(/^node-/, '')),
    options: await context.client(),
    signal: context.signal,
  });
  change.facts.runtime = runtime;
  return runtime.kind === 'host'
    ? `runs on the host's Node ${runtime.version}`
    : `brings Node ${runtime.version}`;
}

function manifestIfThere(root: Root, id: string): Manifest | null {
  try {
    return readManifest(root, id);
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'release_not_found') return null;
    throw error;
  }
}

async function checkUpdate(context: Context, spec: Spec, to: string): Promise<void> {
  const { root, supervisor } = context;
  const current = currentRelease(root);
  if (to === current && readTrial(root) === null && runningRelease(root, await supervisor.inspect()) === to) {
    throw new NothingToDo(`${to} runs already`);
  }
  if (spec.kind === 'tag') checkUnnamed(root, to, current, spec.tag);
}

/** What only a person who names the version may overrule. */
function checkUnnamed(root: Root, to: string, current: string | null, tag: string): void {
  const policy = readPolicy(root);
  const untouched = 'Nothing was changed.';
  const named = `openclaw-releases update ${to}`;
  const failure = quarantineOf(policy, to);
  if (failure) {
    throw new ReleasesError(
      'release_quarantined',
      `${to} (${tag}) failed here and is in quarantine until ${quarantineEnd(failure).toISOString()}: ${failure.cause.message}`,
      {
        hint: `${named}, to try it again all the same`,
        untouched,
      },
    );
  }
  if (current === null) return;
  if (policy.pins.includes(current)) {
    throw new ReleasesError('release_pinned', `${current} is pinned, and ${tag} is ${to}.`, {
      hint: `openclaw-releases unpin ${current}, or ${named}`,
      untouched,
    });
  }
  if (compareVersions(to, current) < 0) {
    throw new ReleasesError('downgrade', `${tag} is ${to}, which is older than ${current}.`, {
      hint: named,
      untouched,
    });
  }
}
