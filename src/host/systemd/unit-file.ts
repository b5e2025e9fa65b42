import { type CommandLine, expandSpecifiers, parseCommandLines, splitWords } from './command-line.js';

export interface Setting {
  key: string;
  value: string;
}

/** Section `[Service]` of a unit and its drop-ins, and the start limit of `[Unit]`, after every reset. */
export interface ServiceSettings {
  /** Commands of `ExecStart=`; only a oneshot service may have several. */
  commands: CommandLine[];
  environment: Record<string, string>;
  assigned: Record<string, string[]>;
}

/** Reads a unit and its drop-ins, in the order in which they apply. */
export function readSettings(files: string[], specifiers: Record<string, string>): ServiceSettings {
  const assigned: Record<string, string[]> = {};
  for (const { section, key, value } of files.flatMap(assignments)) {
    // systemd still reads start limits where older units have them.
    const isOlder = section === 'Service' && /^StartLimit(Interval|Burst)$/.test(key);
    if (section !== sectionOf(key) && !isOlder) continue;
    assigned[key] = value === '' ? [] : [...(assigned[key] ?? []), value];
  }
  const words = (key: string) =>
    (assigned[key] ?? [])
      .flatMap((value) => splitWords(value) ?? [])
      .map(({ value }) => expandSpecifiers(value, specifiers));
  const unset = new Set(words('UnsetEnvironment'));
  const variables = words('Environment').map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return [entry.slice(0, Math.max(equals, 0)), entry.slice(equals + 1)];
  });
  // systemd removes what is unset last, so a later assignment does not bring it back.
  const kept = Object.entries(Object.fromEntries(variables)).filter(
    ([name, value]) => name !== '' && !unset.has(name) && !unset.has(`${name}=${value}`),
  );
  return {
    commands: (assigned.ExecStart ?? []).flatMap((value) => parseCommandLines(value, specifiers)),
    environment: Object.fromEntries(kept),
    assigned,
  };
}

/** Section of a unit file that has a setting of a service. */
export function sectionOf(key: string): 'Unit' | 'Service' {
  return key.startsWith('StartLimit') ? 'Unit' : 'Service';
}

/** Assignments in force; of a setting that is no list, the last counts. */
export function settingsIn({ assigned }: Pick<ServiceSettings, 'assigned'>): Setting[] {
  return Object.entries(assigned).flatMap(([key, values]) => values.map((value) => ({ key, value })));
}

function assignments(text: string): (Setting & { section: string })[] {
  const found: (Setting & { section: string })[] = [];
  let section = '';
  let pending = '';
  for (const line of text.split(/\r?\n|\r/)) {
    // systemd skips a comment between two halves of a continued line.
    if (/^\s*[#;]/.test(line)) continue;
    const joined = pending + line;
    pending = '';
    // In an even number of backslashes each second one is escaped.
    if ((/\\*$/.exec(joined)?.[0].length ?? 0) % 2 === 1) {
      pending = `${joined.slice(0, -1)} `;
      continue;
    }
    const whole = joined.trim();
    const header = /^\[(.+)\]$/.exec(whole);
    if (header) section = header[1] ?? '';
    const equals = whole.indexOf('=');
    if (header || equals < 0) continue;
    found.push({ section, key: whole.slice(0, equals).trim(), value: whole.slice(equals + 1).trim() });
  }
  return found;
}
