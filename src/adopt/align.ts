import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { toErrorRecord } from '../core/errors.js';
import { shellWord } from '../core/shell-word.js';
import { askPrivileged, hasPrivilegedParent } from '../host/systemd/privileged.js';
import { systemctl } from '../host/systemd/systemctl.js';
import { writePlanned } from '../host/written.js';
import { readAdoption } from './apply.js';
import { readCommand } from './command.js';
import { adoptAgain } from './finding.js';
import { POLICY, planUnitChange, policyLines, recoverCommandOf } from './plan.js';
import { readGatewayUnit } from './unit.js';

/**
 * Brings the adopted unit to what a release asks of its unit, before that release is started. Never throws: a gateway
 * with the policy of another release is better than none.
 * @param version of the release
 * @returns a sentence where the unit stays as it is; null where nothing is to be said
 */
export async function alignUnit(root: string, version: string): Promise<string | null> {
  try {
    return await align(root, version);
  } catch (error) {
    return `The unit was not brought to what ${version} asks for: ${toErrorRecord(error).message}`;
  }
}

async function align(root: string, version: string): Promise<string | null> {
  const adoption = readAdoption(root);
  const { unit: name = '', scope = 'user', dropIn = '' } = adoption ?? {};
  const unit = adoption && (await readGatewayUnit({ unit: name, scope }));
  if (!unit?.dropIns.includes(dropIn)) return null;
  const lines = policyLines(unit, version);
  const text = readPlainFile(dropIn, LARGEST).toString();
  if (lines === '' ? !text.includes(POLICY) : text.includes(`${lines}\n`)) return null;
  if (scope === 'system' && process.getuid?.() !== 0) {
    if (!hasPrivilegedParent()) {
      return `${name} starts or stops the gateway as another release needs it. Next: ${adoptAgain({ scope, unit: name })} --root ${shellWord(root)}`;
    }
    await askPrivileged({ does: 'align-unit', version });
  } else {
    const install = { unit, command: readCommand(unit, process.env) };
    const added = adoption?.added ?? [];
    const plan = planUnitChange({ install, root, recover: recoverCommandOf(root), added, version });
    writePlanned(plan.writes.filter(({ path }) => path === plan.dropIn));
  }
  await systemctl(scope, 'daemon-reload');
  return null;
}
