import { alignUnit } from '../../adopt/align.js';
import { duration } from '../../core/duration.js';
import { ReleasesError } from '../../core/errors.js';
import type { Context, Step } from '../../ledger/context.js';
import type { RestartNotice } from '../../ledger/facts.js';
import { findManifest } from '../../store/manifest.js';
import { restartAnnounced } from '../announced-restart.js';
import { releaseDrain } from '../drain-lease.js';

/** Reason to skip: a gateway that a person stopped stays stopped, and its next start uses the new release. */
export function wasStopped({ change }: Context): string | null {
  return change.facts.baseline?.state === 'stopped' ? 'the gateway was stopped before, and stays so' : null;
}

/** Brings the unit to what a release asks for, before that release starts. */
export async function alignTo({ root, supervisor, change }: Context, release: string | null): Promise<void> {
  const version = release === null ? undefined : findManifest(root, release)?.version;
  if (supervisor.kind !== 'systemd' || version === undefined) return;
  const why = await alignUnit(root.path, version);
  if (why !== null) change.warnings.push(why);
}

/** One restart job of the supervisor, never a bare stop. */
export const restart: Step = {
  name: 'restart',
  skip: wasStopped,
  async do(context) {
    const { facts, warnings } = context.change;
    await alignTo(context, facts.to);
    facts.restart = await restartAnnounced(context, 'restartNotice');
    if (facts.restart.instance === facts.baseline?.instance) {
      throw new ReleasesError(
        'restart_failed',
        'The supervisor reports a restart, but the process from before still runs.',
        {
          hint: 'openclaw-releases status',
        },
      );
    }
    const after = duration(facts.restart.stopMs);
    const told = describe(facts.restartNotice);
    if (!facts.restart.killed) return `${told}the old process ended after ${after}`;
    const note = `the old process had not ended after ${after} and was killed`;
    warnings.push(`When it was asked to stop, ${note}.`);
    return told + note;
  },
  // A process that died before the restart left the gateway draining.
  undo: releaseDrain,
};

function describe(notice: RestartNotice | undefined): string {
  if (!notice) return '';
  return notice.way === null ? `not announced (${notice.why}); ` : 'announced to the gateway; ';
}
