/** A line of a file, and the line to write in its place. */
export interface LineChange {
  path: string;
  /** Index of the line. */
  at: number;
  before: string;
  after: string;
}

/** Word that ends so, in quotes or without. */
const word = (end: string) => `(?:"[^"\\s]*${end}"|'[^'\\s]*${end}'|[^\\s"'=]*${end})`;
const NODE = word('\\bnode(?:js)?');
const OPENCLAW = word('\\bopenclaw(?:/(?:dist/\\w+\\.m?js|openclaw\\.mjs)|\\.mjs)?');

export const START = new RegExp(`(?:${NODE}\\s+(?:-\\S+\\s+)*)?${OPENCLAW}\\s+gateway\\b[ \\t]*`);

/** OpenRC has the program and its arguments in two settings. */
const SETTING = /^(\s*command(?:_args)?=)(["']?)(.*?)\2\s*$/;

interface Line {
  at: number;
  text: string;
  /** A line of a section that the next one continues. */
  continues: boolean;
}

/** Lines that count; of a file with sections only those of the service. */
function linesOf(text: string, service: string | null): Line[] {
  let section = '';
  const all = text.split('\n');
  return all.flatMap((line, at) => {
    section = /^\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    const counts = !/^\s*[#;]/.test(line) && (section === '' || section === `program:${service}`);
    return counts ? [{ at, text: line, continues: section !== '' && /^\s+\S/.test(all[at + 1] ?? '') }] : [];
  });
}

/** Changes of the lines that start the gateway. */
export function changesIn(path: string, text: string, command: string, service: string | null): LineChange[] {
  const lines = linesOf(text, service);
  const settings = lines.filter((line) => SETTING.test(line.text));
  const words = settings.map((line) => SETTING.exec(line.text)?.[3]).join(' ');
  if (settings.length > 1 && START.test(words)) {
    const rest = words.replace(new RegExp(`^.*?${START.source}`), '');
    const values: Record<string, string> = {
      'command=': command.split(' ')[0] ?? '',
      'command_args=': [...command.split(' ').slice(1), runWith(rest)].join(' '),
    };
    return settings.map(({ at, text: before }) => {
      const name = SETTING.exec(before)?.[1] ?? '';
      return { path, at, before, after: `${name}"${values[name.trim()]}"` };
    });
  }
  return lines
    .filter((line) => START.test(line.text))
    .map(({ at, text: before, continues }) => {
      const [start = ''] = START.exec(before) ?? [];
      const begin = before.indexOf(start);
      const run = runWith(before.slice(begin + start.length), continues);
      return { path, at, before, after: `${before.slice(0, begin)}${command} ${run}` };
    });
}

/** Changes of the settings that are there with another value, and the lines of those that are not there. */
export function settingsIn(path: string, text: string, wanted: string[], service: string | null) {
  const lines = linesOf(text, service);
  const changes: LineChange[] = [];
  const missing = wanted.filter((after) => {
    const name = new RegExp(`^\\s*${after.split('=')[0]}\\s*=`);
    const there = lines.filter((line) => name.test(line.text));
    for (const { at, text: before } of there) if (before !== after) changes.push({ path, at, before, after });
    return there.length === 0;
  });
  return { changes, missing };
}

/** Words of programs that start another one as a user; the name follows, and a group may follow that. */
const SWITCH = [
  String.raw`(?:chpst|sudo|runuser)\s(?:.*?\s)??(?:-u|--user)[ =]?:?`,
  String.raw`(?:s6-setuidgid|setuidgid|su-exec|gosu)\s+`,
  String.raw`setpriv\s(?:.*?\s)??--reuid[ =]`,
  String.raw`su\s+(?:-\S*\s+)*`,
].map((words) => new RegExp(`(?:^|[\\s/="'])${words}([\\w.-]+)`));

/**
 * User as whom a file says to start the gateway; null where it says none.
 * @param before the line that starts it
 * @param setting name of the supervisor's setting for it
 */
export function userIn(
  text: string,
  before: string,
  setting: string | undefined,
  service: string | null,
): string | null {
  const [words = ''] = before.split(START);
  const command = words.split(/[;&|]/).at(-1) ?? '';
  for (const one of SWITCH) {
    const user = one.exec(command)?.[1];
    if (user) return user;
  }
  const value = new RegExp(`^${setting}\\s*=\\s*(.*)$`);
  const last = linesOf(text, service).findLast((line) => value.test(line.text))?.text ?? '';
  return /^(["']?)([\w.-]+)(?::[\w.-]+)?\1\s*(?:[;#].*)?$/.exec(value.exec(last)?.[1] ?? '')?.[2] ?? null;
}

/** `run` with the gateway's own arguments; what a shell does with its output is none. */
function runWith(rest: string, continues = false): string {
  const run = 'run --replace';
  if (continues) return `${run} -- ${rest}`.trimEnd();
  if (rest === '' || /^["']/.test(rest)) return `${run}${rest}`;
  return /^(?:\d*[<>]|[&|;])/.test(rest) ? `${run} ${rest}` : `${run} -- ${rest}`;
}
