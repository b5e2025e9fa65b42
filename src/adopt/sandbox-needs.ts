import type { Setting } from '../host/systemd/unit-file.js';

/** Part of the launcher's work that the sandbox of a unit forbids. */
export interface Need {
  /** Completes "does not let the launcher …". */
  work: string;
  /** Settings of systemd.exec(5) that forbid it. */
  by: string[];
}

const HIDING = ['ProtectHome', 'TemporaryFileSystem', 'InaccessiblePaths', 'PrivateTmp', 'RootDirectory'];
const READ_ONLY = [
  ...['ProtectSystem', 'ProtectHome', 'ReadOnlyPaths', 'BindReadOnlyPaths', 'TemporaryFileSystem'],
  ...['SystemCallFilter', 'LimitFSIZE'],
];

/** The launcher's need to share files and owner with the host, which no trial tells. */
export const FILES: Need = { work: 'see the files of the host', by: ['RootDirectory', 'RootImage'] };
export const OWNER: Need = { work: 'run as the owner of the root', by: ['DynamicUser', 'User'] };
export const TOOLS: Need = {
  work: 'run the system’s shell and file tools',
  by: ['NoExecPaths', 'SystemCallFilter'],
};

/** Needs by the exit code of `layout/systemd/sandbox-trial`; the last ones are systemd's own (systemd.exec(5)). */
export const NEEDS: Readonly<Record<number, Need>> = {
  40: TOOLS,
  41: OWNER,
  42: { work: 'see the root directory', by: HIDING },
  43: { work: 'write in the root directory', by: READ_ONLY },
  44: { work: 'sync files', by: ['SystemCallFilter'] },
  45: { work: 'execute anything in the root directory', by: ['NoExecPaths'] },
  46: { work: 'see the same state directory as the host', by: [...HIDING, 'BindPaths'] },
  47: { work: 'write in the state directory', by: READ_ONLY },
  48: { work: 'move the state there and back', by: READ_ONLY },
  203: TOOLS,
  226: { work: 'start at all', by: ['RootDirectory', 'BindPaths', 'ReadWritePaths', 'PrivateUsers'] },
};

/** Need for an exit code that the trial does not know, such as a signal. */
export const UNKNOWN: Need = { work: 'do its work', by: ['SystemCallFilter', 'LimitNPROC', 'LimitAS'] };

const RESTRICTION =
  /^(Protect|Private|Restrict|SystemCall|Root|Mount|Extension|Capabilit|Limit|Device|(State|Cache|Logs|Configuration)Directory)\w*$|^(Bind|BindReadOnly|ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)Paths$|^(DynamicUser|TemporaryFileSystem|ProcSubset|NoNewPrivileges|LockPersonality|MemoryDenyWriteExecute|AmbientCapabilities|SecureBits|AppArmorProfile|SELinuxContext|SmackProcessLabel)$/;

const IDENTITY = /^(User|Group|SupplementaryGroups|UMask|WorkingDirectory)$/;

/** Settings of `[Service]` that can forbid something to a process; empty for a unit without a sandbox. */
export function restrictionsOf(settings: readonly Setting[]): Setting[] {
  return settings.filter(({ key }) => RESTRICTION.test(key) && !key.startsWith('PrivateNetwork'));
}

/** Settings that give a trial the sandbox and the user of a unit. */
export function sandboxOf(settings: readonly Setting[]): Setting[] {
  return settings.filter(({ key }) => IDENTITY.test(key) || restrictionsOf([{ key, value: '' }]).length > 0);
}

/** One sentence about a need that is not met, with the settings behind it. */
export function unmetSentence(unit: string, need: Need, settings: readonly Setting[]): string {
  return `${unit} does not let the launcher ${need.work} (${culprits(need, settings)}), so a bad release could not be rolled back.`;
}

/** The unit's own lines behind a need, such as `ProtectSystem=strict`; the names of all that could be, where none is. */
function culprits({ by }: Need, settings: readonly Setting[]): string {
  // Each line of a list counts; of other settings, the last one does.
  const counts = ({ key }: Setting, at: number) =>
    /(Paths|FileSystem|Filter)$/.test(key) ||
    !settings.some((later, after) => after > at && later.key === key);
  const found = settings.filter((each, at) => by.includes(each.key) && isSet(each) && counts(each, at));
  return found.length > 0
    ? [...new Set(found.map(({ key, value }) => `${key}=${value}`))].join(', ')
    : by.map((name) => `${name}=`).join(', ');
}

/** True for a setting that is on. */
export function isSet(setting: Setting | undefined): boolean {
  const off = /^(no|false|off|)$/;
  return (
    setting !== undefined && !off.test(setting.value) && (setting.value !== '0' || /^Limit/.test(setting.key))
  );
}
