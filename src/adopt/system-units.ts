import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { readRecord } from '../core/record.js';
import type { Account } from '../host/account.js';
import { removeDurably, writeFileDurably } from '../host/durable.js';
import { needsPrivilege, type PrivilegedRequest } from '../host/systemd/privileged.js';
import { type Answer, systemctl } from '../host/systemd/systemctl.js';
import { lookBefore, type PlannedFile, undoWritten, type Written, writePlanned } from '../host/written.js';
import { readCommand } from './command.js';
import { planUnitChange, recoverCommandOf } from './plan.js';
import { planTimerUnits, startTimer, stopTimer, timerHost } from './timer-unit-plan.js';
import { DEFAULT_UNIT, type GatewayUnit, readGatewayUnit } from './unit.js';

/** Only the superuser reads and writes here: what lies below a root is its owner's. */
const RECORDS = '/var/lib/openclaw-releases';

/** Everything that the superuser needs to undo what it wrote for one root. */
interface SystemRecord {
  schema: 1;
  root: string;
  uid: number;
  unit: string;
  /** Null before an adoption and after it was undone. */
  units: Written | null;
  timer: Written | null;
  /** The files before the last change of `units`, and `units` of then; null when that change has succeeded. */
  attempt: { before: Written; units: Written | null } | null;
}

export interface SystemUnitsOptions {
  /** Absolute path of the owner's root. */
  root: string;
  owner: Account;
  /** Full name of the unit that the superuser gave; null for the unit of the record. */
  unit: string | null;
  /** False: this command writes no unit file. */
  mayWrite: boolean;
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
  readonly #path: string;

  constructor(options: SystemUnitsOptions) {
    this.#options = options;
    const name = createHash('sha256').update(options.root).digest('hex').slice(0, 16);
    this.#path = join(options.records ?? RECORDS, `${name}.json`);
  }

  /**
   * @throws ReleasesError `usage` for a request that this command has no need of, `root_not_owned` for a unit of another
   * user, `supervisor_not_found`, `supervisor_failed`, `root_invalid`
   */
  async answer(request: PrivilegedRequest): Promise<Answer> {
    if (request.does === 'systemctl') return this.#systemctl(request.args);
    if (!this.#options.mayWrite) throw refused(`"${request.does}" needs --system.`);
    if (request.does === 'apply-unit') await this.#apply();
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
    const record = this.#read();
    if (record?.attempt) this.#save({ ...record, attempt: null });
  }

  /** Passes on a job of the gateway's unit, and `daemon-reload`. */
  async #systemctl(args: string[]): Promise<Answer> {
    if (!Array.isArray(args)) throw refused('The job is no list of words.');
    const [verb, ...rest] = args;
    if (verb === 'daemon-reload' && rest.length === 0) return systemctl('system', verb);
    const { name } = await this.#gatewayUnit();
    const isJob =
      needsPrivilege(args) &&
      rest.at(-2) === '--' &&
      rest.at(-1) === name &&
      rest
        .slice(0, -2)
        .every((word) =>
          ['--no-block', '--kill-whom=main', '--kill-who=main', '--signal=SIGKILL'].includes(word),
        );
    if (!isJob) throw refused(`"systemctl ${args.join(' ')}" is no job of ${name}.`);
    return systemctl('system', ...args);
  }

  async #apply(): Promise<void> {
    const { root, unit: named } = this.#options;
    if (named === null) throw refused('Only adopt makes a unit start the gateway of a root.');
    const unit = await this.#gatewayUnit();
    const command = readCommand(unit, process.env);
    const plan = planUnitChange({ install: { unit, command }, root, recover: recoverCommandOf(root) });
    const writes = outsideOf(root, plan.writes);
    const record = this.#recordFor(unit.name);
    this.#save({
      ...record,
      units: lookBefore(writes, record.units ?? undefined),
      attempt: { before: lookBefore(writes), units: record.units },
    });
    writePlanned(writes);
  }

  #remove(): void {
    const record = this.#read();
    if (!record?.units) return;
    const { units } = record;
    this.#save({ ...record, units: null, attempt: { before: lookBefore(units.files), units } });
    undoWritten(units);
  }

  #revert(): void {
    const record = this.#read();
    if (!record?.attempt) return;
    undoWritten(record.attempt.before);
    this.#save({ ...record, units: record.attempt.units, attempt: null });
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
    const record = this.#recordFor(unit);
    this.#save({ ...record, timer: lookBefore(planned.writes, record.timer ?? undefined) });
    writePlanned(planned.writes);
    await startTimer(planned.host);
  }

  async #disableTimer(): Promise<void> {
    const record = this.#read();
    if (!record?.timer) return;
    const { timer, unit } = record;
    await stopTimer(timerHost('system', unit), () => {
      undoWritten(timer);
      this.#save({ ...record, timer: null });
    });
  }

  /** A unit that runs as somebody else would start programs of the owner as that user. */
  async #gatewayUnit(): Promise<GatewayUnit> {
    const { root, owner } = this.#options;
    const name = this.#options.unit ?? this.#read()?.unit ?? DEFAULT_UNIT;
    const unit = await readGatewayUnit({ unit: name, scope: 'system' });
    if (!unit) {
      throw new ReleasesError('supervisor_not_found', `systemd knows no unit ${name} (system).`, {
        hint: 'systemctl list-unit-files "*openclaw*"',
      });
    }
    if (unit.user === owner.name || unit.user === String(owner.uid)) return unit;
    throw new ReleasesError(
      'root_not_owned',
      `${name} runs as ${unit.user ?? 'root'}, and ${root} belongs to ${owner.name}.`,
      {
        hint: `Name a root that belongs to ${unit.user ?? 'root'} with --root, or its unit with --unit.`,
      },
    );
  }

  #recordFor(unit: string): SystemRecord {
    const { root, owner } = this.#options;
    const earlier = this.#read();
    if (earlier?.units && earlier.unit !== unit) {
      throw new ReleasesError('root_invalid', `${root} has adopted ${earlier.unit} (system) already.`, {
        hint: `openclaw-releases unadopt --system --unit ${earlier.unit} --root ${root}`,
      });
    }
    return earlier
      ? { ...earlier, unit }
      : { schema: 1, root, uid: owner.uid, unit, units: null, timer: null, attempt: null };
  }

  #read(): SystemRecord | null {
    const { root, owner } = this.#options;
    const found = readRecord<SystemRecord>(this.#path, 'system-units');
    if (found.state === 'missing') return null;
    // Where the root of another user lay, whose account is gone, there is nothing to undo for this one.
    if (found.state === 'ok')
      return found.value.uid === owner.uid && found.value.root === root ? found.value : null;
    throw new ReleasesError(
      'root_invalid',
      `${this.#path} ${found.why}; it says how to undo what was written.`,
      {
        hint: `mv ${this.#path} ${this.#path}.corrupt, then remove our drop-in, which systemctl cat ${DEFAULT_UNIT} names`,
      },
    );
  }

  #save(record: SystemRecord): void {
    if (!record.units && !record.timer && !record.attempt) {
      removeDurably(this.#path);
      return;
    }
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileDurably(this.#path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
  }
}

/** The owner writes the files below the root. */
export function outsideOf(root: string, writes: PlannedFile[]): PlannedFile[] {
  return writes.filter(({ path }) => !path.startsWith(`${root}/`));
}

function refused(sentence: string): ReleasesError {
  return new ReleasesError('usage', sentence);
}
