import { join } from 'node:path';
import { examineUnit } from './doctor-unit.js';
import type { HostFacts } from './facts.js';
import { adoptAgain, type Finding, finding } from './finding.js';

/** Drift since the adoption, most urgent first. */
export function examine(facts: HostFacts): Finding[] {
  return [
    ...examineFilesOfOurs(facts),
    ...examineTrial(facts),
    ...examineUnit(facts),
    ...examineVersions(facts),
    ...examineInstalls(facts),
    ...examineSharing(facts),
  ];
}

function examineFilesOfOurs({ corrupt }: HostFacts): Finding[] {
  return corrupt.map(({ path, why }) =>
    finding('file_corrupt', `${path} cannot be understood: it ${why}.`, 'openclaw-releases recover'),
  );
}

function examineTrial({ trial, activeChange }: HostFacts): Finding[] {
  if (trial === null || activeChange) return [];
  return [
    finding(
      'trial_pending',
      `The release ${trial || 'that is current'} is on trial, and no active change ends it.`,
      'openclaw-releases recover',
    ),
  ];
}

function examineSharing({ sharing }: HostFacts): Finding[] {
  return sharing.map(({ pid, text }) =>
    finding(
      'state_shared',
      `${text} uses the state of this gateway, and two of them damage it.`,
      `kill ${pid}`,
    ),
  );
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
    found.push(finding('unit_names_a_version', sentence, adoptAgain({ scope: unit.scope, unit: unit.name })));
  }
  return found;
}

function examineInstalls({ root, adoption, onPath, installs }: HostFacts): Finding[] {
  if (!adoption) return [];
  const found: Finding[] = [];
  if (onPath && !onPath.ours) {
    const which = `${onPath.path}${onPath.version ? ` (${onPath.version})` : ''}`;
    const sentence = `The first openclaw on the search path is ${which} and not that of the current release: an \`openclaw update\` that is typed changes that one, and restarts this gateway.`;
    found.push(
      finding(
        'another_openclaw_on_path',
        sentence,
        `echo 'export PATH="${join(root, 'bin')}:$PATH"' >> ~/.profile`,
      ),
    );
  }
  // The adopted install is one of them, as adopting never removes it.
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
