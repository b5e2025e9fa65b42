import type { Adoption } from './apply.js';
import { defaultUnit } from './unit.js';

/** Command that adopts the same unit again, which repairs most drift. */
export function adoptAgain({ scope, unit }: Pick<Adoption, 'scope' | 'unit'>): string {
  const command = scope === 'system' ? 'sudo openclaw-releases adopt --system' : 'openclaw-releases adopt';
  return unit === defaultUnit() ? command : `${command} --unit ${unit}`;
}

/** Stable names of findings; scripts match them. */
export type FindingCode =
  | 'file_corrupt'
  | 'node_damaged'
  | 'unit_missing'
  | 'unit_masked'
  | 'unit_broken'
  | 'unit_changed'
  | 'daemon_reload_needed'
  | 'drop_in_missing'
  | 'drop_in_changed'
  | 'drop_in_not_last'
  | 'starts_another_program'
  | 'recover_not_enabled'
  | 'companion_drifted'
  | 'sandbox_forbids'
  | 'unit_outdated'
  | 'lingering_off'
  | 'another_openclaw_on_path'
  | 'several_installs'
  | 'versions_disagree'
  | 'unit_names_a_version'
  | 'state_shared'
  | 'trial_pending';

export interface Finding {
  code: FindingCode;
  sentence: string;
  command: string;
}

export function finding(code: FindingCode, sentence: string, command: string): Finding {
  return { code, sentence, command };
}
