import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { readRecord, recordText } from '../core/record.js';
import { shellWord } from '../core/shell-word.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';
import { builtinSupervisor } from './builtin/client.js';
import type { Supervisor } from './supervisor.js';
import { requireServiceName, systemdSupervisor } from './systemd/supervisor.js';

/** `supervisor.json`: the unit that owns the gateway of a root; absent for the built-in supervisor. */
export interface SupervisorRecord extends UnitAddress {
  schema: 1;
  kind: 'systemd';
}

const pathOf = (root: string) => join(root, 'supervisor.json');

/** @throws ReleasesError `root_invalid` for a corrupt record, since a guess could start a second gateway */
export function selectSupervisor(root: string): Supervisor {
  const record = readSupervisorRecord(root);
  return record ? systemdSupervisor({ scope: record.scope, unit: record.unit }) : builtinSupervisor(root);
}

export function readSupervisorRecord(root: string): SupervisorRecord | null {
  const path = pathOf(root);
  const found = readRecord<SupervisorRecord>(path, 'supervisor');
  if (found.state === 'ok') return found.value;
  if (found.state === 'missing') return null;
  throw new ReleasesError(
    'root_invalid',
    `${path} ${found.why}, so it does not say which unit runs the gateway.`,
    {
      hint: `mv ${shellWord(path)} ${shellWord(`${path}.corrupt`)}, and then openclaw-releases adopt, unless "openclaw-releases run" runs it`,
    },
  );
}

export function writeSupervisorRecord(root: string, record: SupervisorRecord): void {
  requireServiceName(record.unit);
  writeFileDurably(pathOf(root), recordText(record));
}

export function removeSupervisorRecord(root: string): void {
  removeDurably(pathOf(root));
}
