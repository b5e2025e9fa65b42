import { shownCommands } from '../adopt/command.js';
import type { Install } from '../adopt/install.js';
import type { UnitChange } from '../adopt/plan.js';
import { sandboxOf } from '../adopt/sandbox-needs.js';
import { withoutCredentials } from '../core/address.js';
import { SECRET_NAME } from '../core/secret-words.js';
import { readSettings, type ServiceSettings, type Setting, settingsIn } from '../host/systemd/unit-file.js';
import type { PlannedFile } from '../host/written.js';

/** Command of a unit, for people: values of variables that are secret by their names are left out. */
export interface ServiceView {
  command: string;
  environment: Record<string, string>;
  environmentFiles: string[];
  /** Settings of systemd.exec(5) that limit what the gateway may do. */
  sandbox: Setting[];
}

/** The unit as it is, and as an adoption leaves it. */
export interface AdoptionView {
  today: ServiceView;
  after: ServiceView;
}

export function adoptionView({ unit }: Pick<Install, 'unit'>, change: UnitChange): AdoptionView {
  const { texts = [], specifiers = {} } = unit ?? {};
  const dropIn = change.writes.find(({ path }) => path === change.dropIn);
  const added = dropIn?.kind === 'file' ? [dropIn.content] : [];
  return {
    today: viewOf(readSettings(texts, specifiers)),
    after: viewOf(readSettings([...texts, ...added], specifiers)),
  };
}

/** Lines of both: `-` is today's, `+` is tomorrow's, and what stays has neither. */
export function adoptionLines({ today, after }: AdoptionView): string[] {
  const [before, then] = [linesOf(today), linesOf(after)];
  return [
    ...before.map((line) => `${then.includes(line) ? ' ' : '-'} ${line}`),
    ...then.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** Files to write, for people: the command of the drop-in has the unit's own words, some of which may be secret. */
export function shownWrites({ writes, dropIn }: UnitChange, { after }: AdoptionView): PlannedFile[] {
  return writes.map((write) =>
    write.kind === 'file' && write.path === dropIn
      ? { ...write, content: write.content.replace(/^ExecStart=.+$/m, () => after.command) }
      : write,
  );
}

function viewOf(settings: ServiceSettings): ServiceView {
  const { environment, assigned } = settings;
  const shown = (name: string, value: string) => (SECRET_NAME.test(name) ? '…' : withoutCredentials(value));
  const variables = Object.entries(environment).map(([name, value]) => [name, shown(name, value)]);
  return {
    command: shownCommands(settings),
    environment: Object.fromEntries(variables),
    environmentFiles: assigned.EnvironmentFile ?? [],
    sandbox: sandboxOf(settingsIn(settings)),
  };
}

function linesOf({ command, environment, environmentFiles, sandbox }: ServiceView): string[] {
  return [
    command,
    ...Object.entries(environment).map(([name, value]) => `Environment=${name}=${value}`),
    ...environmentFiles.map((file) => `EnvironmentFile=${file}`),
    ...sandbox.map(({ key, value }) => `${key}=${value}`),
  ];
}
