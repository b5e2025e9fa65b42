import { supervisorOf } from '../ledger/environment.js';
import { listChanges } from '../ledger/ledger.js';
import { timerStatus } from '../timer/status.js';
import { changeDocument } from '../views/change.js';
import { findRelease, listing } from '../views/releases.js';
import { overview } from '../views/status.js';
import { verifyRelease } from '../views/verification.js';
import { type Entries, entry } from './entry.js';
import { integer, RELEASE } from './params.js';
import { STATUS_FIELDS, updateStatus } from './update-status.js';

export const QUERIES = {
  'update.status': entry(STATUS_FIELDS, updateStatus),
  'releases.list': entry({}, async ({ environment }) => {
    return { ok: true, ...(await listing(environment.root, supervisorOf(environment))) };
  }),
  'releases.show': entry(RELEASE, async ({ environment }, { release = 'current' }) => {
    return { ok: true, ...(await findRelease(environment.root, supervisorOf(environment), release)) };
  }),
  'releases.status': entry(STATUS_FIELDS, async (call, values) => {
    const status = await updateStatus(call, values);
    const { root } = call.environment;
    const { last: _, ...host } = await overview(root, supervisorOf(call.environment));
    return { ...status, host };
  }),
  'releases.history': entry({ limit: integer(1, 1000, 'changes') }, ({ environment }, { limit = 50 }) => {
    const changes = listChanges(environment.root).slice(-limit);
    return { ok: true, changes: changes.map((change) => changeDocument(environment.root, change)) };
  }),
  'releases.timer': entry({}, async ({ environment }) => {
    return { ok: true, ...(await timerStatus(environment)) };
  }),
  'releases.verify': entry(RELEASE, ({ environment }, { release = 'current' }) =>
    verifyRelease(environment.root, release),
  ),
} satisfies Partial<Entries>;
