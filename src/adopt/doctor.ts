import { join } from 'node:path';
import type { HostFacts, UnitFacts } from './facts.js';

/** Stable names of what can be wrong; scripts match them. */
export type FindingCode =
  | 'file_unreadable'
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
  | 'lingering_off'
  | 'another_openclaw_on_path'
  | 'several_installs'
  | 'versions_disagree'
  | 'unit_names_a_version'
  | 'trial_pending';

export interface Finding {
  code: FindingCode;
  /** What is so, as one sentence. */
  sentence: string;
  /** The command that mends it. */
  command: string;
}

const ADOPT = 'openclaw-releases adopt';

/** What has drifted since this root adopted the gateway, the most urgent first; nothing when all is well. */
export function examine(facts: HostFacts): Finding[] {
  return [
    ...examineFilesOfOurs(facts),
    ...examineTrial(facts),
    ...examineUnit(facts),
    ...examineVersions(facts),
    ...examineInstalls(facts),
  ];
}

function examineFilesOfOurs({ unreadable }: HostFacts): Finding[] {
  return unreadable.map(({ path, why }) =>
    finding('file_unreadable', `${path} cannot be understood: it ${why}.`, 'openclaw-releases recover'),
  );
}

function examineTrial({ trial, changeUnderWay }: HostFacts): Finding[] {
  if (trial === null || changeUnderWay) return [];
  return [
    finding(
      'trial_pending',
      `The release ${trial || 'that is current'} is on trial, and no change is under way to end that.`,
      'openclaw-releases recover',
    ),
  ];
}

function examineUnit(facts: HostFacts): Finding[] {
  const { adoption, unit, root, lingering } = facts;
  if (!adoption) return [];
  const systemctl = `systemctl --${adoption.scope}`;
  if (!unit) {
    return [
      finding('unit_missing', `systemd knows no unit ${adoption.unit} any more.`, 'openclaw gateway install'),
    ];
  }
  const found: Finding[] = [];
  if (unit.masked) {
    found.push(
      finding(
        'unit_masked',
        `${unit.name} is masked and cannot be started.`,
        `${systemctl} unmask ${unit.name}`,
      ),
    );
  }
  if (unit.broken) {
    found.push(
      finding(
        'unit_broken',
        `systemd can make no sense of the files of ${unit.name}.`,
        `systemd-analyze --${adoption.scope} verify ${unit.name}`,
      ),
    );
  }
  found.push(...examineFiles(unit, adoption));
  if (unit.needsReload) {
    found.push(
      finding(
        'daemon_reload_needed',
        `Files of ${unit.name} changed since systemd read them.`,
        `${systemctl} daemon-reload`,
      ),
    );
  }
  if (unit.later.length > 0) {
    found.push(
      finding(
        'drop_in_not_last',
        `After our drop-in for ${unit.name} applies ${unit.later.join(', ')}.`,
        ADOPT,
      ),
    );
  }
  if (unit.starts !== join(root, 'bin/gateway')) {
    found.push(
      finding(
        'starts_another_program',
        `${unit.name} starts ${unit.starts ?? 'nothing'}, not this root's gateway.`,
        ADOPT,
      ),
    );
  }
  if (lingering === false) {
    found.push(
      finding(
        'lingering_off',
        'The gateway stops when you log out and does not start at boot.',
        'loginctl enable-linger',
      ),
    );
  }
  return found;
}

function examineFiles({ name, drift }: UnitFacts, adoption: NonNullable<HostFacts['adoption']>): Finding[] {
  if (drift === null) {
    return [
      finding(
        'unit_changed',
        `${name} was changed and does not start a gateway in a way that is understood.`,
        'openclaw gateway install --force',
      ),
    ];
  }
  return drift.map(({ path, state }) => {
    if (path.endsWith('openclaw-releases.conf')) {
      return state === 'missing'
        ? finding('drop_in_missing', `Our drop-in ${path} is gone.`, ADOPT)
        : finding(
            'drop_in_changed',
            `${path} is not what the unit ${name} now needs: one of the two was changed.`,
            ADOPT,
          );
    }
    return path.endsWith(`.wants/${adoption.recoverUnit}`)
      ? finding('recover_not_enabled', `${adoption.recoverUnit} does not run at boot.`, ADOPT)
      : finding(
          'companion_drifted',
          `${path} is ${state === 'missing' ? 'gone' : 'not as this version writes it'}.`,
          ADOPT,
        );
  });
}

function examineVersions({ running, current, unit }: HostFacts): Finding[] {
  const found: Finding[] = [];
  if (running !== null && current !== null && running !== current) {
    found.push(
      finding(
        'versions_disagree',
        `The gateway that runs is ${running}, and the current release is ${current}.`,
        `openclaw-releases switch ${current}`,
      ),
    );
  }
  const said = /\bv?(\d{4}\.\d+\.\d+\S*?)\)?$/.exec(unit?.description ?? '')?.[1];
  if (unit && said) {
    const sentence = `The description of ${unit.name} names ${said}, which goes stale with the next switch.`;
    found.push(finding('unit_names_a_version', sentence, ADOPT));
  }
  return found;
}

function examineInstalls({ root, adoption, onPath, installs }: HostFacts): Finding[] {
  if (!adoption) return [];
  const found: Finding[] = [];
  if (onPath && !onPath.ours) {
    const which = `${onPath.path}${onPath.version ? ` (${onPath.version})` : ''}`;
    const sentence = `The first openclaw on the search path is ${which} and not that of the current release.`;
    found.push(
      finding(
        'another_openclaw_on_path',
        sentence,
        `echo 'export PATH="${join(root, 'bin')}:$PATH"' >> ~/.profile`,
      ),
    );
  }
  // One is what was adopted, which is never uninstalled.
  if (installs.length > 1) {
    const list = installs.map(({ packageRoot, version }) => `${packageRoot} (${version})`).join(', ');
    const sentence = `There are ${installs.length} installs of OpenClaw beside the releases: ${list}.`;
    found.push(
      finding(
        'several_installs',
        sentence,
        `ls -d ${installs.map(({ packageRoot }) => packageRoot).join(' ')}`,
      ),
    );
  }
  return found;
}

function finding(code: FindingCode, sentence: string, command: string): Finding {
  return { code, sentence, command };
}
