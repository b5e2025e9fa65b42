import { withoutSecrets } from '../core/secret-words.js';

/** A line that starts OpenClaw's gateway, and the line to write in its place. */
export interface LineChange {
  path: string;
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

/** Lines that start the gateway; of a file with sections only that of the service. */
export function changesIn(path: string, text: string, command: string, service: string | null): LineChange[] {
  let section = '';
  const lines = text.split('\n').filter((line) => {
    section = /^\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    return !/^\s*[#;]/.test(line) && (section === '' || section === `program:${service}`);
  });
  const settings = lines.filter((line) => SETTING.test(line));
  const words = settings.map((line) => SETTING.exec(line)?.[3]).join(' ');
  if (settings.length > 1 && START.test(words)) {
    const rest = words.replace(new RegExp(`^.*?${START.source}`), '');
    const values: Record<string, string> = {
      'command=': command.split(' ')[0] ?? '',
      'command_args=': [...command.split(' ').slice(1), runWith(rest)].join(' '),
    };
    return settings.map((line) => {
      const name = SETTING.exec(line)?.[1] ?? '';
      return { path, ...shown(line, `${name}"${values[name.trim()]}"`) };
    });
  }
  return lines
    .filter((line) => START.test(line))
    .map((line) => {
      const [start = ''] = START.exec(line) ?? [];
      const at = line.indexOf(start);
      return {
        path,
        ...shown(line, `${line.slice(0, at)}${command} ${runWith(line.slice(at + start.length))}`),
      };
    });
}

/** `run` with the gateway's own arguments; what a shell does with its output is none. */
function runWith(rest: string): string {
  const run = 'run --replace';
  if (rest === '' || /^["']/.test(rest)) return `${run}${rest}`;
  return /^(?:\d*[<>]|[&|;])/.test(rest) ? `${run} ${rest}` : `${run} -- ${rest}`;
}

function shown(before: string, after: string): Pick<LineChange, 'before' | 'after'> {
  const clean = (line: string) => withoutSecrets(line.split(' '));
  return { before: clean(before), after: clean(after) };
}
