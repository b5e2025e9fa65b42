import { ReleasesError } from '../core/errors.js';
import type { Account } from '../host/account.js';
import { isJobOf, type PrivilegedRequest } from '../host/systemd/privileged.js';
import { type Answer, systemctl } from '../host/systemd/systemctl.js';
import type { Setting } from '../host/systemd/unit-file.js';
import { lookBefore, type PlannedFile, undoWritten, writePlanned } from '../host/written.js';
import { readCommand } from './command.js';
import { readOwnedUnit } from './owned-unit.js';
import { planUnitChange, recoverCommandOf, type UnitChange } from './plan.js';
import { fitSandbox } from './sandbox.js';
import { placesOf } from './sandbox-trial.js';
import { answerAboutFiles, changesFiles, isAboutFiles } from './system-files.js';
import { SystemUnitRecord } from './system-unit-record.js';
import { planTimerUnits, startTimer, stopTimer, timerHost } from './timer-unit-plan.js';
import { defaultUnit, type GatewayUnit } from './unit.js';

export interface SystemUnitsOptions {
  /** Absolute path of the owner's root. */
  root: string;
  owner: Account;
  /** Full name of the unit that the superuser gave; null for the unit of the record. */
  unit: string | null;
  /** False: this command writes no unit file. */
  mayWrite: boolean;
  /** True: this command changes the files of a supervisor other than systemd. */
  mayWriteFiles?: boolean;
  /** Absolute directory of the records. */
  records?: string;
}

const DONE: Answer = { ok: true, killed: false, stdout: '', stderr: '' };

/**
 * Does for the owner of a root what only the superuser may: unit files, and jobs of the gateway's unit. The process of
 * the owner is not trusted. Of its requests only the address of a registry and a number reach a file. The content of
 * units is planned here, and they run as the owner, who gains nothing by them.
 */
export class SystemUnits {
  readonly #options: SystemUnitsOptions;
  readonly #record: SystemUnitRecord;

  constructor(options: SystemUnitsOptions) {
    this.#options = options;
    this.#record = new SystemUnitRecord(options.root, options.owner, options.records);
  }

  /**
   * @throws ReleasesError `usage` for a request that this command has no need of, `root_not_owned` for a unit of another
   * user, `supervisor_not_found`, `supervisor_failed`, `root_invalid`
   */
  async answer(request: PrivilegedRequest): Promise<Answer> {
    if (request.does === 'systemctl') return this.#systemctl(request.args);
    if (request.does === 'fit-sandbox')
      return { ...DONE, stdout: JSON.stringify(await this.#fit(await this.#unitToAdopt())) };
    if (isAboutFiles(request)) {
      const { owner, mayWriteFiles = false } = this.#options;
      if (!mayWriteFiles && changesFiles(request))
        throw refused(`"${request.does}" needs adopt --write, or unadopt.`);
      return { ...DONE, stdout: JSON.stringify(answerAboutFiles(request, this.#record.files, owner)) };
    }
    if (request.does !== 'align-unit' && !this.#options.mayWrite)
      throw refused(`"${request.does}" needs --system.`);
    if (request.does === 'align-unit') await this.#align(request.version);
    else if (request.does === 'apply-unit') await this.#apply(request.version);
    else if (request.does === 'remove-unit') this.#remove();
    else if (request.does === 'revert-unit') this.#revert();
    else if (request.does === 'enable-timer') await this.#enableTimer(request);
    else if (request.does === 'disable-timer') await this.#disableTimer();
    else throw refused('The request is unknown.');
    return DONE;
  }

  /**
   * Forgets the files before the last change of units, once an adoption or its end has succeeded. After any other command
   * recovery may still need them.
   */
  settle(): void {
    if (!this.#options.mayWrite || this.#options.unit === null) return;
    const record = this.#record.read();
    if (record?.attempt) this.#record.save({ ...record, attempt: null });
  }

  /** Passes on a job of the gateway's unit, and `daemon-reload`. */
  async #systemctl(args: string[]): Promise<Answer> {
    if (!Array.isArray(args)) throw refused('The job is no list of words.');
    const [verb, ...rest] = args;
    if (verb === 'daemon-reload' && rest.length === 0) return systemctl('system', verb);
    const { name } = await this.#gatewayUnit();
    if (!isJobOf(name, args)) throw refused(`"systemctl ${args.join(' ')}" is no job of ${name}.`);
    return systemctl('system', ...args);
  }

  async #apply(version: unknown): Promise<void> {
    const unit = await this.#unitToAdopt();
    const writes = outsideOf(this.#options.root, (await this.#plan(unit, version)).writes);
    const record = this.#record.readFor(unit.name);
    this.#record.save({
      ...record,
      units: lookBefore(writes, record.units ?? undefined),
      attempt: { before: lookBefore(writes), units: record.units },
    });
    writePlanned(writes);
  }

  /** Writes the drop-in of an adopted unit again, for another release. */
  async #align(version: unknown): Promise<void> {
    const record = this.#record.read();
    if (!record?.units) throw refused('The root has adopted no unit of the system.');
    const { dropIn, writes } = await this.#plan(await this.#gatewayUnit(), version);
    const planned = writes.filter(({ path }) => path === dropIn);
    this.#record.save({ ...record, units: lookBefore(planned, record.units) });
    writePlanned(planned);
  }

  async #plan(unit: GatewayUnit, version: unknown): Promise<UnitChange> {
    const { root } = this.#options;
    const command = readCommand(unit, process.env, true);
    const added = await this.#fit(unit);
    return planUnitChange({
      install: { unit, command },
      root,
      recover: recoverCommandOf(root),
      added,
      ...(typeof version === 'string' && { version }),
    });
  }

  async #unitToAdopt(): Promise<GatewayUnit> {
    if (this.#options.unit === null) throw refused('Only adopt makes a unit start the gateway of a root.');
    return this.#gatewayUnit();
  }

  /** The trial runs as the owner, in the sandbox of the owner's own gateway. */
  #fit(unit: GatewayUnit): Promise<Setting[]> {
    const { root, owner } = this.#options;
    return fitSandbox(unit, placesOf(unit, root, owner.home));
  }

  #remove(): void {
    const record = this.#record.read();
    if (!record?.units) return;
    const { units } = record;
    this.#record.save({ ...record, units: null, attempt: { before: lookBefore(units.files), units } });
    undoWritten(units);
  }

  #revert(): void {
    const record = this.#record.read();
    if (!record?.attempt) return;
    undoWritten(record.attempt.before);
    this.#record.save({ ...record, units: record.attempt.units, attempt: null });
  }

  async #enableTimer({ registry, offsetMs }: { registry: string | null; offsetMs: number }): Promise<void> {
    const { root, owner } = this.#options;
    // A URL may hold line breaks, which its parser drops.
    const isAddress = registry === null || (typeof registry === 'string' && !/\s/.test(registry));
    if (!isAddress) throw refused('The registry is no address.');
    if (!Number.isInteger(offsetMs) || offsetMs < 0) throw refused('The offset of the timer is no number.');
    const { name: unit } = await this.#gatewayUnit();
    const planned = await planTimerUnits({
      root,
      scope: 'system',
      unit,
      user: owner.name,
      registry,
      offsetMs,
    });
    const record = this.#record.readFor(unit);
    this.#record.save({ ...record, timer: lookBefore(planned.writes, record.timer ?? undefined) });
    writePlanned(planned.writes);
    await startTimer(planned.host);
  }

  async #disableTimer(): Promise<void> {
    const record = this.#record.read();
    if (!record?.timer) return;
    const { timer, unit } = record;
    await stopTimer(timerHost('system', unit), () => {
      undoWritten(timer);
      this.#record.save({ ...record, timer: null });
    });
  }

  #gatewayUnit(): Promise<GatewayUnit> {
    const { root, owner, unit } = this.#options;
    return readOwnedUnit(unit ?? this.#record.read()?.unit ?? defaultUnit(), root, owner);
  }
}

/** The owner writes the files below the root. */
function outsideOf(root: string, writes: PlannedFile[]): PlannedFile[] {
  return writes.filter(({ path }) => !path.startsWith(`${root}/`));
}

function refused(sentence: string): ReleasesError {
  return new ReleasesError('usage', sentence);
}
