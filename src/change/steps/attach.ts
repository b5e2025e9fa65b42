import { join } from 'node:path';
import { applyUnitChange, readAdoption, undoUnitChange } from '../../adopt/apply.js';
import { snapshotUnitChange } from '../../adopt/snapshot.js';
import { installTimer, planTimer, removeTimer } from '../../adopt/timer-unit-plan.js';
import { readTimer } from '../../adopt/timer-unit-record.js';
import { ReleasesError } from '../../core/errors.js';
import { lingers } from '../../host/systemd/linger.js';
import {
  askPrivileged,
  type PrivilegedRequest,
  requirePrivilegedParent,
} from '../../host/systemd/privileged.js';
import { systemctl, type UnitAddress } from '../../host/systemd/systemctl.js';
import type { Context, Step } from '../../ledger/context.js';
import { saveChange, stepOf } from '../../ledger/ledger.js';
import { endTrial, pointCurrent, pointPrevious } from '../../store/links.js';
import { readManifest } from '../../store/manifest.js';
import { readTimerState } from '../../store/timer-state.js';
import { removeSupervisorRecord, writeSupervisorRecord } from '../../supervisor/select.js';
import { isForeign } from '../adoption.js';
import { targetOf } from './switch.js';

export function unitOf({ change }: Context): UnitAddress {
  if (change.plan.unit) return change.plan.unit;
  throw new ReleasesError('internal', 'A change of a unit names no unit.');
}

/** @throws ReleasesError as the superuser's process answers, `usage` without one */
async function changeSystemUnits(unit: UnitAddress, request: PrivilegedRequest): Promise<void> {
  if (isForeign(unit)) await askPrivileged(request);
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
