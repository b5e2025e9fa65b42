import type { Command } from 'commander';
import { findPackages } from '../../adopt/install.js';
import {
  findOtherSupervisor,
  isWithoutUnit,
  namingOtherSupervisor,
  type OtherSupervisor,
  otherSupervisorLines,
} from '../../adopt/other-supervisor.js';
import { defaultUnit } from '../../adopt/unit.js';
import { planAdoption } from '../../change/steps/adopt.js';
import type { UnitAddress } from '../../host/systemd/systemctl.js';
import { findStatePlace } from '../../state/place.js';
import { measureState, requireKeepable } from '../../state/snapshot/measure.js';
import { systemdSupervisor } from '../../supervisor/systemd/supervisor.js';
import { adoptionLines, adoptionView, shownWrites } from '../../views/adoption.js';
import {
  type ChangeOptions,
  type LimitOptions,
  planOptions,
  runChange,
  withLimits,
} from '../change-options.js';
import { command } from '../command.js';
import type { Output } from '../output.js';
import { inSession } from '../session.js';

type Options = ChangeOptions & LimitOptions & { unit: string; system?: boolean };

function unitOf({ unit, system }: Options): UnitAddress {
  return { scope: system ? 'system' : 'user', unit };
}

function ofUnit(base: Command): Command {
  return withLimits(base)
    .option('--unit <name>', "the gateway's systemd unit", defaultUnit())
    .option('--system', 'a unit of the system, not of this user');
}

export function adoptCommand(): Command {
  const adopt = command(
    'adopt',
    'take over a gateway that runs under systemd',
    'openclaw-releases adopt --dry-run',
  ).option('--dry-run', 'print every file that would be written and change nothing');
  return ofUnit(adopt).action((options: Options) => {
    if (options.dryRun) return preview(options);
    return runChange(options, () => ({
      kind: 'adopt',
      target: options.unit,
      options: { ...planOptions(options), unit: unitOf(options) },
    })).catch((error) => {
      throw isWithoutUnit(error) ? namingOtherSupervisor(error) : error;
    });
  });
}

function preview(options: Options): Promise<void> {
  return inSession(options, async ({ environment, output }) => {
    const plan = await planAdoption(environment.root, unitOf(options)).catch((error) => {
      const other = isWithoutUnit(error) ? findOtherSupervisor() : null;
      if (other === null) throw error;
      return other;
    });
    if ('gateway' in plan) return previewOther(plan, output);
    const { install, change } = plan;
    const { launch } = await systemdSupervisor(unitOf(options)).inspect();
    requireKeepable(measureState(findStatePlace(launch), environment.root));
    const { packageRoot, version, node } = install;
    const service = adoptionView(install, change);
    const writes = shownWrites(change, service);
    output.answer({ ok: true, dryRun: true, install: { packageRoot, version, node }, service, writes }, () =>
      [
        `Would copy OpenClaw ${version} from ${packageRoot}, restart ${change.unit} once, and change what it starts:`,
        ...adoptionLines(service),
        '\nWould write:',
        ...writes.map((write) =>
          write.kind === 'link'
            ? `\n${write.path} -> ${write.target}`
            : `\n${write.path}\n${write.content.replace(/^/gm, '  ')}`,
        ),
      ].join('\n'),
    );
    return 0;
  });
}

/** Lines to change by hand: files of other supervisors are not ours to write. */
async function previewOther(other: OtherSupervisor, output: Output): Promise<number> {
  const [install] = other.needsRelease ? await findPackages(process.env) : [];
  const version = install?.version ?? 'latest';
  output.answer({ ok: true, dryRun: true, supervisor: other, version: install?.version ?? null }, () =>
    [
      `${other.name} runs process ${other.gateway}, a gateway${other.service === null ? '' : `, as ${other.service}`}; adopt changes nothing there.`,
      ...(other.needsRelease
        ? [
            'Stage the release, change these lines, and type the commands (docs/supervisors.md has whole files):',
            '',
            `openclaw-releases stage ${version} && openclaw-releases switch ${version} --no-restart`,
          ]
        : []),
      ...otherSupervisorLines(other),
    ].join('\n'),
  );
  return 0;
}

export function unadoptCommand(): Command {
  const leave = command('unadopt', 'give an adopted gateway back as it was', 'openclaw-releases unadopt');
  return ofUnit(leave).action((options: Options) =>
    runChange(options, () => ({
      kind: 'unadopt',
      target: options.unit,
      options: { ...planOptions(options), unit: unitOf(options) },
    })),
  );
}
