import { bold, cyan, dim, green, red, yellow } from 'yoctocolors';

/** Results of a change, by which its sentence is coloured. */
const GOOD = /^(staged|already_current|drill_passed|package_updated_restart_verified)$/;
const BAD =
  /^(package_update\w*_failed|rolled_back|rollback_failed|drill_failed|interrupted|helper_never_ran)$/;

const MARKS: Record<string, (text: string) => string> = {
  ...{ '✔': green, '+': green, '✖': red, x: red, '↩': yellow, '<': yellow, '–': dim, '-': dim },
};

const RULES: [RegExp, (...groups: string[]) => string][] = [
  [
    /^(error:)(.*?)( \[\w+\])?$/,
    (_, error = '', text = '', code = '') => bold(red(error)) + text + dim(code),
  ],
  [/^(warning:)/, (_, warning = '') => bold(yellow(warning))],
  [/^([✔✖↩–]|[+x<-](?= [A-Z]))/, (mark = '') => MARKS[mark]?.(mark) ?? mark],
  [/^(.*) \[(\w+)\]$/, (_, text = '', code = '') => `${toneOf(code)(text)} ${dim(`[${code}]`)}`],
  [/((?:^\s*n|N)ext: )(.*)$/, (_, next = '', command = '') => dim(next) + cyan(command)],
  [
    /( {2})((?:running|current|previous|trial|pinned)(?:, [a-z]+)*)$/,
    (_, gap = '', marks = '') => gap + green(marks),
  ],
  [
    /( {2})(quarantined|rolled back|failed|rollback failed|interrupted)(?= {2}|$)/,
    (_, gap = '', word = '') => gap + red(word),
  ],
  [/^[A-Z#][A-Z #]+( \([\w+:-]+\))?( {2}[A-Z].*)?$/, (heading = '') => bold(heading)],
];

/** Colours one line by what it says: marks, verdicts, errors, warnings and the next command. */
export function paint(line: string): string {
  const rule = RULES.find(([pattern]) => pattern.test(line));
  // The last two are no groups: the place of the match, and the line.
  return rule ? line.replace(rule[0], (...found) => rule[1](...found.slice(0, -2))) : line;
}

function toneOf(code: string): (text: string) => string {
  if (GOOD.test(code)) return green;
  return BAD.test(code) ? red : yellow;
}

/** Loads the colours although the environment is against them. */
export function insist(): void {
  const { FORCE_COLOR, NO_COLOR } = process.env;
  Object.assign(process.env, { FORCE_COLOR: '1' });
  delete process.env.NO_COLOR;
  bold('');
  restore('FORCE_COLOR', FORCE_COLOR);
  restore('NO_COLOR', NO_COLOR);
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
