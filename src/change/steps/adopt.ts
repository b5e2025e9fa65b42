import { mkdirSync, rmdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyUnitChange, readAdoption, undoUnitChange } from '../../adopt/apply.js';
import { copyInstall } from '../../adopt/copy.js';
import { findInstall, type Install } from '../../adopt/install.js';
import { planUnitChange, recoverCommandOf, type UnitChange } from '../../adopt/plan.js';
import { fitSandbox, isSandboxed } from '../../adopt/sandbox.js';
import { placesOf } from '../../adopt/sandbox-trial.js';
import { snapshotUnitChange } from '../../adopt/snapshot.js';
import { installTimer, planTimer, removeTimer } from '../../adopt/timer-unit-plan.js';
import { readTimer } from '../../adopt/timer-unit-record.js';
import type { GatewayUnit } from '../../adopt/unit.js';
import { ReleasesError } from '../../core/errors.js';
import { refuseNoexec } from '../../host/executable.js';
import { ownNode } from '../../host/node-program.js';
import { lingers } from '../../host/systemd/linger.js';
import {
  askPrivileged,
  type PrivilegedRequest,
  requirePrivilegedParent,
} from '../../host/systemd/privileged.js';
import { systemctl, type UnitAddress } from '../../host/systemd/systemctl.js';
import type { Setting } from '../../host/systemd/unit-file.js';
import { homeDirectory } from '../../host/user.js';
import type { Context, Step } from '../../ledger/context.js';
import { saveChange, stepOf } from '../../ledger/ledger.js';
import { isWhole, type RuntimeChoice } from '../../registry/node-choice.js';
import { readPackageJson } from '../../registry/package-json.js';
import { currentRelease, endTrial, pointCurrent, pointPrevious } from '../../store/links.js';
import { findManifest, readManifest } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import { runtimeLink, usableRuntimes } from '../../store/runtimes.js';
import { readTimerState } from '../../store/timer-state.js';
import { removeSupervisorRecord, writeSupervisorRecord } from '../../supervisor/select.js';
import { provideNode, stage } from './stage.js';
import { targetOf } from './switch.js';

/** @throws ReleasesError `not_openclaw`, `supervisor_not_found`, `supervisor_failed`, `sandbox_forbids` */
export async function planAdoption(
  root: Root,
  unit: Partial<UnitAddress>,
): Promise<{ install: Install; change: UnitChange }> {
  const install = await findInstall(unit);
  const version = versionOf(root, install);
  const recover = recoverCommandOf(root.path);
  const plan = (added: Setting[]) => planUnitChange({ install, root: root.path, recover, added, version });
  // A unit that cannot be understood is refused before anything is tried in it.
  const change = plan([]);
  const added = install.unit ? await sandboxFor(root, install.unit) : [];
  return { install, change: added.length > 0 ? plan(added) : change };
}

/** Adopting again repairs drift; it does not return to the version that was adopted first. */
function versionOf(root: Root, { version }: Install): string {
  const current = readAdoption(root.path) && currentRelease(root);
  return (current && findManifest(root, current)?.version) ?? version;
}

/** Settings that the unit's sandbox lacks. */
async function sandboxFor(root: Root, unit: GatewayUnit): Promise<Setting[]> {
  if (!isSandboxed(unit, root.path)) return [];
  // For `--dry-run`, which leaves no root.
  const made = mkdirSync(root.path, { recursive: true, mode: 0o700 });
  try {
    if (isForeign(unit)) return JSON.parse((await askPrivileged({ does: 'fit-sandbox' })).stdout);
    return await fitSandbox(unit, placesOf(unit, root.path, homeDirectory()));
  } finally {
    for (let at = root.path; made !== undefined && at.length >= made.length; at = dirname(at)) rmdirSync(at);
  }
}

function unitOf({ change }: Context): UnitAddress {
  if (change.plan.unit) return change.plan.unit;
  throw new ReleasesError('internal', 'A change of a unit names no unit.');
}

/** True where unit files are the superuser's to write, and this process is the owner's. */
function isForeign({ scope }: Pick<UnitAddress, 'scope'>): boolean {
  return scope === 'system' && process.getuid?.() !== 0;
}

/** The files that this process writes. The superuser's process plans and writes those of a system unit. */
function ownPart(change: UnitChange): UnitChange {
  if (!isForeign(change)) return change;
  return { ...change, writes: change.writes.filter(({ path }) => path.startsWith(`${change.root}/`)) };
}

/** @throws ReleasesError as the superuser's process answers, `usage` without one */
async function changeSystemUnits(unit: UnitAddress, request: PrivilegedRequest): Promise<void> {
  if (isForeign(unit)) await askPrivileged(request);
}

/** Copies the running install to a release; the original keeps running, and `unadopt` returns to it. */
export const copyInstallStep: Step = {
  name: 'copy-install',
  async do(context) {
    const { root, change, signal } = context;
    const { facts } = change;
    if (isForeign(unitOf(context))) requirePrivilegedParent();
    refuseNoexec(join(root.bin, 'gateway'));
    const { install, change: unitChange } = await planAdoption(root, unitOf(context));
    const { node, packageRoot, packageJson, version } = install;
    facts.unitChange = ownPart(unitChange);
    const earlier = readAdoption(root.path);
    if (earlier) facts.earlierUnitChange = snapshotUnitChange(root.path, earlier);
    // Adopting again repairs drift; it does not return to the version that was adopted first.
    facts.to = (earlier && currentRelease(root)) ?? version;
    facts.alreadyStaged = isSealed(root, facts.to);
    if (facts.alreadyStaged) return `${facts.to} is here already`;
    const about = readPackageJson(packageJson, packageRoot);
    facts.resolved = {
      ...about,
      id: version,
      spec: `adopted from ${packageRoot}`,
      ...{
        integrity: '',
        tarball: packageRoot,
        unpackedSize: null,
        signature: 'unchecked',
        publishedAt: null,
      },
    };
    facts.runtime = await chooseNode(context, node, about.engines);
    await provideNode(context, facts.runtime);
    const directory = join(root.staging, change.id, 'release');
    mkdirSync(directory, { recursive: true });
    const report = await copyInstall({
      install,
      into: directory,
      signal,
      onProgress: ({ done }) => context.progress('files', done),
    });
    symlinkSync(runtimeLink(facts.runtime.version), join(directory, 'node'));
    symlinkSync(join('node_modules/openclaw', about.bin), join(directory, 'main'));
    facts.install = {
      lockfileDigest: report.lockfileDigest,
      packages: report.packages,
      ranScripts: [],
      skippedScripts: [],
    };
    return `${version} from ${packageRoot}, ${report.files} files`;
  },
  undo: (context) => stage.undo?.(context) ?? Promise.resolve(),
};

/** Chooses the Node that runs today, unless a copy of it could not run without its host. */
async function chooseNode(
  context: Context,
  node: Install['node'],
  engines: string | null,
): Promise<RuntimeChoice> {
  const { root } = context;
  const { path, version } = node;
  if (usableRuntimes(root).includes(version)) return { kind: 'root', version };
  if (isWhole(node)) return { kind: 'host', path, version };
  return context.lookUpNode({ engines, nodes: [node, ownNode()] });
}

function isSealed(root: Root, id: string): boolean {
  try {
    return readManifest(root, id).id === id;
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'release_not_found') return false;
    throw error;
  }
}

export const attach: Step = {
  name: 'attach',
  async do(context) {
    const { root, change } = context;
    const unit = unitOf(context);
    const { unitChange } = change.facts;
    if (!unitChange) throw new ReleasesError('internal', 'A unit is changed without a plan.');
    pointCurrent(root, targetOf(context));
    applyUnitChange(unitChange);
    writeSupervisorRecord(root.path, { schema: 1, kind: 'systemd', ...unit });
    await changeSystemUnits(unit, {
      does: 'apply-unit',
      version: readManifest(root, targetOf(context)).version,
    });
    await systemctl(unit.scope, 'daemon-reload');
    if (unit.scope === 'user' && lingers() === false) {
      change.warnings.push(
        'This user does not linger: the gateway ends with the last session. Next: loginctl enable-linger',
      );
    }
    const added = (unitChange.added ?? []).map(({ key, value }) => `, with ${key}=${value}`).join('');
    return `${unit.unit} starts ${join(root.bin, 'gateway')}${added}`;
  },
  async undo(context) {
    const { root, change } = context;
    const unit = unitOf(context);
    await changeSystemUnits(unit, { does: 'revert-unit' });
    undoUnitChange(root.path);
    const { earlierUnitChange } = change.facts;
    if (earlierUnitChange) {
      applyUnitChange(earlierUnitChange);
    } else {
      removeSupervisorRecord(root.path);
      pointCurrent(root, change.facts.from);
      pointPrevious(root, change.facts.previous);
    }
    await systemctl(unit.scope, 'daemon-reload');
    endTrial(root);
  },
};

export const detach: Step = {
  name: 'detach',
  async do(context) {
    const { root, change } = context;
    const unit = unitOf(context);
    if (isForeign(unit)) requirePrivilegedParent();
    const adoption = readAdoption(root.path);
    if (!adoption)
      throw new ReleasesError('supervisor_not_found', `${root.path} has adopted no gateway.`, {
        hint: 'openclaw-releases adopt',
      });
    change.facts.unitChange = snapshotUnitChange(root.path, adoption);
    const timer = readTimer(root.path);
    if (timer) {
      change.facts.timer = { host: timer.host, registry: timer.registry };
      saveChange(root, change, stepOf(change, 'detach'));
      await removeTimer(root);
    }
    await changeSystemUnits(unit, { does: 'remove-unit' });
    undoUnitChange(root.path);
    removeSupervisorRecord(root.path);
    await systemctl(unit.scope, 'daemon-reload');
    return `${unit.unit} is as it was${timer ? ', and the timer is disabled' : ''}`;
  },
  async undo(context) {
    const { root, change } = context;
    const unit = unitOf(context);
    if (!change.facts.unitChange) return;
    await changeSystemUnits(unit, { does: 'revert-unit' });
    applyUnitChange(change.facts.unitChange);
    writeSupervisorRecord(root.path, { schema: 1, kind: 'systemd', ...unit });
    await systemctl(unit.scope, 'daemon-reload');
    const { timer } = change.facts;
    if (!timer) return;
    const system = timer.host.kind === 'systemd' && timer.host.scope === 'system';
    const plan = await planTimer(root, { system, registry: timer.registry }, readTimerState(root).installId);
    await installTimer(root, plan, timer.registry);
  },
};
