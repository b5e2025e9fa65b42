import type { Command } from 'commander';
import { readAdoption } from '../../adopt/apply.js';
import { findPackages } from '../../adopt/install.js';
import {
  findOtherSupervisors,
  isWithoutUnit,
  namingOtherSupervisor,
  type OtherSupervisor,
} from '../../adopt/other-supervisor.js';
import { requireOwnUnit } from '../../adopt/owned-unit.js';
import { otherSupervisorLines, shownSupervisor } from '../../adopt/supervisor-text.js';
import { defaultUnit } from '../../adopt/unit.js';
import { planAdoption } from '../../change/adoption.js';
import { ReleasesError } from '../../core/errors.js';
import { shellWord } from '../../core/shell-word.js';
import { hasPrivilegedParent } from '../../host/systemd/privileged.js';
import type { UnitAddress } from '../../host/systemd/systemctl.js';
import { findStatePlace } from '../../state/place.js';
import { measureState, requireKeepable } from '../../state/snapshot/measure.js';
import { systemdSupervisor } from '../../supervisor/systemd/supervisor.js';
import { adoptionLines, adoptionView, shownWrites } from '../../views/adoption.js';
import { adoptFiles, findAdoptedFiles, leaveFiles, planOfSuperuser } from '../adopted-files.js';
import type { Answers } from '../answers.js';
import { type ChangeOptions, making, withLimits, withStaging } from '../change-options.js';
import { type Answer, acting, command, registryOption } from '../command.js';
import { plannedLines } from '../planned-files.js';
import { rootOf, type Session } from '../session.js';

type Options = ChangeOptions & { unit: string; system?: boolean; write?: boolean };

function unitOf({ unit, system }: Options): UnitAddress {
  return { scope: system ? 'system' : 'user', unit };
}

export function ofUnit<C extends Command>(base: C): C {
  return withLimits(base)
    .option('--unit <name>', "the gateway's systemd unit", defaultUnit())
    .option('--system', 'a unit of the system, not of this user');
}

const wanted = (_: Session, options: Options) => ({ target: options.unit, more: { unit: unitOf(options) } });

export function adoptCommand() {
  const make = making('adopt', undefined, async (session, options: Options) => {
    // A refusal leaves no root.
    await requireOwnUnit(unitOf(options), session.environment.root.path);
    return wanted(session, options);
  });
  const adopt = command(
    'adopt',
    'take over a gateway that runs under systemd or another supervisor',
    'openclaw-releases adopt --dry-run',
  )
    .option('--dry-run', 'print every file that would be written and change nothing')
    .option('--write', 'where no systemd runs it: write the lines into the files of its supervisor')
    .addOption(registryOption());
  return withStaging(ofUnit(adopt), 'version').action((options: Options, self: Command) => {
    if (options.dryRun) return preview(options, self);
    if (options.write) return adoptFiles(options, self);
    return make(options, self).catch((error) => {
      throw isWithoutUnit(error) ? namingOtherSupervisor(error) : error;
    });
  });
}

export function unadoptCommand() {
  const leave = making('unadopt', undefined, wanted);
  return ofUnit(command('unadopt', 'give an adopted gateway back as it was')).action(
    async (options: Options, self: Command) => {
      const { path } = rootOf(options);
      if (await findAdoptedFiles(path)) return leaveFiles(options, self);
      return leave(options, self).catch((error) => {
        throw isWithoutUnit(error) && !readAdoption(path) ? adoptedNothing(path, error) : error;
      });
    },
  );
}

/** The record of the superuser, who may have changed the files of a supervisor, is for that user alone. */
function adoptedNothing(root: string, { message }: ReleasesError): ReleasesError {
  return new ReleasesError('supervisor_not_found', `${root} has adopted no gateway. ${message}`, {
    hint: `sudo openclaw-releases unadopt --root ${shellWord(root)}, where root has adopted it; lines that you changed yourself (pm2, tmux, a container) are yours to change back`,
  });
}

const preview = acting(async ({ environment }, options: Options): Promise<Answer<Answers['adopt']>> => {
  const plan = await planAdoption(environment.root, unitOf(options)).catch((error) => {
    const [other] = isWithoutUnit(error) ? findOtherSupervisors() : [];
    if (!other) throw error;
    return other;
  });
  if ('gateway' in plan) return previewOther(plan);
  const { install, change } = plan;
  const { launch } = await systemdSupervisor(unitOf(options)).inspect();
  requireKeepable(measureState(findStatePlace(launch), environment.root));
  const { packageRoot, version, node } = install;
  const service = adoptionView(install, change);
  const writes = shownWrites(change, service);
  return {
    document: { dryRun: true, install: { packageRoot, version, node }, service, writes },
    text: () =>
      [
        `Would stage OpenClaw ${version}, which runs from ${packageRoot}, restart ${change.unit} once, and change what it starts:`,
        ...adoptionLines(service),
        '\nWould write:',
        ...plannedLines(writes),
      ].join('\n'),
  };
});

/** Lines of another supervisor's files, which `--write` writes where it can. */
async function previewOther(found: OtherSupervisor): Promise<Answer<Answers['adopt']>> {
  // A file of the superuser that only that user may read.
  const isHidden = found.needsRelease && found.changes.length === 0 && hasPrivilegedParent();
  const other = isHidden ? await planOfSuperuser().catch(() => found) : found;
  const { name, gateway, service, needsRelease, changes } = other;
  const [install] = needsRelease ? await findPackages(process.env) : [];
  const version = install?.version ?? 'latest';
  const as = service === null ? '' : `, as ${service}`;
  const first = [
    `Stage the release, change these lines${changes.length > 0 ? ' (adopt --write)' : ''}, and type the commands (docs/supervisors.md has whole files):`,
    '',
    `openclaw-releases stage ${version} && openclaw-releases switch ${version} --no-restart`,
  ];
  return {
    document: { dryRun: true, supervisor: shownSupervisor(other), version: install?.version ?? null },
    text: () =>
      [
        `${name} runs process ${gateway}, a gateway${as}.`,
        ...(needsRelease ? first : []),
        ...otherSupervisorLines(other),
      ].join('\n'),
  };
}
