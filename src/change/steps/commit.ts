import { toErrorRecord } from '../../core/errors.js';
import type { Context, Step } from '../../ledger/context.js';
import { versionsToday } from '../../rollback/compatibility/compatibility.js';
import { noteRestore } from '../../rollback/restore-request.js';
import { endReturn } from '../../state/restore-records.js';
import { endTrial } from '../../store/links.js';
import { clearQuarantine } from '../../store/quarantine.js';
import { dropPluginSet } from '../plugin-set.js';
import { wasStopped } from './restart.js';
import { targetOf } from './switch.js';

/** Ends the trial: after this, no crash switches back. */
export const commit: Step = {
  name: 'commit',
  skip: wasStopped,
  async do(context) {
    const { root, change } = context;
    const to = targetOf(context);
    noteRestore(context);
    await noteVersions(context);
    endTrial(root);
    // A failure from here on must not go back: nothing knows any more which state belongs to the release from before.
    for (const tidy of [endReturn, () => dropPluginSet(context), () => clearQuarantine(root, to)]) {
      try {
        tidy(root);
      } catch (error) {
        change.warnings.push(`${to} is proven, but for the tidying: ${toErrorRecord(error).message}`);
      }
    }
    return `${to} is proven`;
  },
};

/** Records the state versions of this release, for a later rollback to it. */
async function noteVersions({ root, change }: Context): Promise<void> {
  const { facts } = change;
  const versions = facts.place ? await versionsToday(root, facts.place, facts) : null;
  if (versions) facts.versionsAfter = versions;
}
