import { existsSync } from 'node:fs';
import { readTimer } from '../adopt/timer-unit-record.js';
import { localNodes } from '../change/nodes.js';
import { ARCHIVES, RUNTIME_BYTES, UNKNOWN_RELEASE } from '../change/steps/check-space.js';
import { beforeSwitch } from '../change/switch-facts.js';
import type { SwitchFinding } from '../change/switch-finding.js';
import type { ErrorRecord } from '../core/errors.js';
import { fromErrorRecord } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { compareVersions } from '../core/version.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { listChanges } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { askingRegistry, versionsBy } from '../registry/asking.js';
import { lookUp } from '../registry/lookup.js';
import type { RuntimeChoice } from '../registry/node-choice.js';
import type { Spec } from '../registry/spec.js';
import { currentRelease } from '../store/links.js';
import { findManifest, listReleases, type Manifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { acquireRunLock } from '../store/run-lock.js';
import { type PastDecision, readTimerState, tryReadTimerState, writeAuto } from '../store/timer-state.js';
import { rollbackOf } from '../views/before-switch.js';
import { type Expected, expectedUpdate, needsOf, notesUrl } from '../views/expected-update.js';
import { type Evaluation, evaluateTimer } from './evaluate.js';

/** Release that an update would bring. */
export interface Newest {
  version: string;
  /** ISO 8601; null where the registry does not give it. */
  publishedAt: string | null;
  notesUrl: string;
  staged: boolean;
  /** Range of Node that it needs; null when it declares none. */
  engines: string | null;
  node: RuntimeChoice | { error: ErrorRecord };
  /** Estimate: the registry gives no sizes of dependencies. */
  fetchBytes: number;
}

/** A release as the registry has it now, and what an update to it takes. */
export type Found = Pick<Check, 'current' | 'expected' | 'rollback' | 'findings'> & { newest: Newest };

export interface Check {
  available: boolean;
  sentence: string;
  channel: string;
  current: string | null;
  /** Null where nothing newer is available. */
  newest: Newest | null;
  /** Null without a verified update in the ledger. */
  expected: Expected | null;
  /** `needsState`: rolling the update back restores the snapshot of today's state; null where no rule tells. */
  rollback: { needsState: boolean | null; why: string } | null;
  /** Consequences of the update for this host; empty where nothing newer is available. */
  findings: SwitchFinding[];
  timer: { enabled: boolean } & Pick<PastDecision, 'verdict' | 'reason' | 'until'>;
}

/**
 * Asks the registry for a newer release and remembers the answer for `status`; changes nothing else.
 * @param registry address that replaces the timer's and the configured one; its answer is not remembered
 * @throws ReleasesError `registry_unreachable`, `registry_error`, `version_not_found`
 */
export async function checkForUpdate(environment: Environment, registry?: string): Promise<Check> {
  const { root } = environment;
  const from = registry ?? registryOfTimer(root);
  const evaluation = await evaluateTimer(environment, askingRegistry(from), true);
  const { decision, policy, file } = evaluation;
  if (file.trouble) throw fromErrorRecord(file.trouble.error);
  const current = currentRelease(root);
  const { version = null } = file.newest ?? {};
  const vote = decision.votes.find(({ rule }) => rule === 'available');
  const isNewer =
    version !== null && vote?.verdict === 'pass' && (!current || compareVersions(version, current) > 0);
  const { channel } = policy.settings;
  const isOlder = version !== null && current !== null && compareVersions(version, current) < 0;
  const relation = isOlder ? `is older than ${current}, which is` : 'is';
  const refusal =
    vote?.verdict === 'no' ? vote.reason : `${version}, the newest of ${channel}, ${relation} current.`;
  const { verdict, reason, until } = decision;
  const publishedAt = file.newest?.publishedAt ?? null;
  const spec: Spec | null = isNewer ? { kind: 'version', version } : null;
  const found = spec && (await lookAt(environment, spec, from, publishedAt));
  if (registry === undefined) ifPossible(() => remember(root, evaluation, found));
  return {
    available: isNewer,
    sentence: isNewer ? `${version} is available; ${current ?? 'no release'} is current.` : refusal,
    channel,
    ...(found ?? { current, newest: null, expected: null, rollback: null, findings: [] }),
    timer: { enabled: policy.facts.enabled, verdict, reason, until },
  };
}

/**
 * Looks one release up, before an operator is asked about it; changes nothing.
 * @throws ReleasesError all codes of `lookUp`
 */
export async function lookAt(
  environment: Environment,
  spec: Spec,
  registry = registryOfTimer(environment.root),
  publishedAt: string | null = null,
): Promise<Found> {
  const { root, signal } = environment;
  const current = currentRelease(root);
  const { schemas, ...newest } = await describe(environment, spec, registry);
  const { version: to, engines, node } = newest;
  const expected = expectedUpdate(listChanges(root));
  const rollback = rollbackOf(root, schemas);
  const gateway = await inspectIfThere(supervisorOf(environment));
  const target = { to, engines, node, rollback, expected };
  return {
    current,
    newest: { ...newest, notesUrl: notesUrl(to), publishedAt },
    expected,
    rollback,
    findings: await beforeSwitch(root, gateway, target, versionsBy(askingRegistry(registry), signal), signal),
  };
}

export function registryOfTimer(root: Root): string | undefined {
  return ifPossible(() => readTimer(root.path))?.registry ?? undefined;
}

async function describe(environment: Environment, spec: Spec, registry: string | undefined) {
  const { root, signal } = environment;
  const known = spec.kind === 'version' ? findManifest(root, spec.version) : null;
  if (known) return describeStaged(known);
  const { resolved, runtime } = await lookUp(
    {
      spec,
      overrides: { keysFile: root.registryKeys, ...(registry !== undefined && { registry }) },
      nodes: await localNodes(root, supervisorOf(environment)),
      staged: [],
    },
    signal,
  );
  const { version, engines, schemas } = resolved;
  const staged = findManifest(root, version);
  if (staged) return describeStaged(staged);
  const node = runtime as NonNullable<typeof runtime>;
  const others = listReleases(root).releases.length > 0;
  const release = others ? (resolved.unpackedSize ?? 0) : UNKNOWN_RELEASE.bytes;
  const ofNode = 'kind' in node && node.kind === 'registry' ? RUNTIME_BYTES : 0;
  const fetchBytes = Math.round((release + ofNode) * ARCHIVES);
  return { schemas, version, staged: false, engines, node, fetchBytes };
}

function describeStaged({ version, engines, schemas, runtime }: Manifest) {
  const node: RuntimeChoice = { kind: 'root', version: runtime.version };
  return { schemas, version, staged: true, engines, node, fetchBytes: 0 };
}

/** A run of the timer keeps its own answer. */
function remember(
  root: Root,
  { file: { registry, newestSeen, newest = null } }: Evaluation,
  found: Found | null,
): void {
  if (!existsSync(root.releases) || tryReadTimerState(root).state === 'corrupt') return;
  const done = acquireRunLock(root, 'timer');
  if (!done) return;
  try {
    writeAuto(root, {
      ...readTimerState(root),
      registry,
      newestSeen,
      newest: newest && found ? { ...newest, needs: needsOf(found) } : newest,
      trouble: null,
    });
  } finally {
    done();
  }
}
