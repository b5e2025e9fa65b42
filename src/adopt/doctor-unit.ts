import { join } from 'node:path';
import { typed } from '../host/systemd/systemctl.js';
import type { HostFacts, UnitFacts } from './facts.js';
import { adoptAgain, type Finding, finding } from './finding.js';
import { unmetSentence } from './sandbox-needs.js';

export function examineUnit(facts: HostFacts): Finding[] {
  const { adoption, unit, root, lingering, unmet, current } = facts;
  if (!adoption) return [];
  const again = adoptAgain(adoption);
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
        typed(adoption.scope, 'unmask', unit.name),
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
        typed(adoption.scope, 'daemon-reload'),
      ),
    );
  }
  if (unit.later.length > 0) {
    found.push(
      finding(
        'drop_in_not_last',
        `After our drop-in for ${unit.name} applies ${unit.later.join(', ')}.`,
        again,
      ),
    );
  }
  const launcher = join(root, 'bin/gateway');
  if (!unit.starts.includes(launcher)) {
    found.push(
      finding(
        'starts_another_program',
        `${unit.name} starts ${unit.starts || 'nothing'}, not this root's gateway.`,
        again,
      ),
    );
  }
  if (unit.missing.length > 0) {
    const asked = unit.missing.map(({ key, value }) => `${key}=${value}`).join(', ');
    const sentence = `${unit.name} starts or stops the gateway as an older release needs it; ${current} asks for ${asked}.`;
    found.push(finding('unit_outdated', sentence, again));
  }
  if (unmet) {
    found.push(finding('sandbox_forbids', unmetSentence(unit.name, unmet, unit.settings), again));
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

function examineFiles(
  { name, drift, missing }: UnitFacts,
  adoption: NonNullable<HostFacts['adoption']>,
): Finding[] {
  const again = adoptAgain(adoption);
  if (!Array.isArray(drift)) {
    const sentence = `${name} cannot be adopted again (${drift.message.replace(/\.$/, '')}).`;
    return [finding('unit_changed', sentence, drift.hint ?? 'openclaw gateway install --force')];
  }
  return drift.flatMap(({ path, state }) => {
    if (path.endsWith('openclaw-releases.conf')) {
      // Another finding says what it lacks.
      if (state === 'changed' && missing.length > 0) return [];
      return state === 'missing'
        ? finding('drop_in_missing', `Our drop-in ${path} is gone.`, again)
        : finding(
            'drop_in_changed',
            `${path} is not what the unit ${name} now needs: one of the two was changed.`,
            again,
          );
    }
    return path.endsWith(`.wants/${adoption.recoverUnit}`)
      ? finding('recover_not_enabled', `${adoption.recoverUnit} does not run at boot.`, again)
      : finding(
          'companion_drifted',
          `${path} is ${state === 'missing' ? 'gone' : 'not as this version writes it'}.`,
          again,
        );
  });
}
