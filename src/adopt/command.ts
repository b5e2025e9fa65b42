import { basename } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { withoutSecrets } from '../core/secret-words.js';
import { type CommandLine, expandSpecifiers, type Word } from '../host/systemd/command-line.js';
import type { ServiceSettings } from '../host/systemd/unit-file.js';
import type { GatewayCommand } from './gateway-command.js';
import { findOnly, type Scan } from './gateway-start.js';
import { findProgram } from './program.js';
import type { GatewayUnit } from './unit.js';

/** Programs behind which the gateway would be somewhere or somebody else, by what they change. */
const ELSEWHERE: Record<string, string> = {
  'in another place':
    'docker podman nerdctl lxc lxc-attach incus machinectl systemd-nspawn ssh chroot bwrap flatpak kubectl nsenter proot toolbox distrobox',
  'as another user': 'sudo su runuser doas gosu su-exec s6-setuidgid pkexec',
  'outside of this unit': 'systemd-run start-stop-daemon daemonize screen tmux pm2 pm2-runtime forever',
  'with a program that runs JavaScript itself': 'npx bunx pnpx npm pnpm yarn bun deno tsx ts-node nodemon',
};

/**
 * @param isBlind opens no file: the superuser reads none of a user, and takes OpenClaw's files by their names
 * @throws ReleasesError `command_unknown` when it cannot be told what starts OpenClaw
 */
export function readCommand(unit: GatewayUnit, env: NodeJS.ProcessEnv, isBlind = false): GatewayCommand {
  const { commands, environment, assigned } = unit.own;
  const [command] = commands;
  const refuse = (why: string, hint: string) => refuseCommand(unit, why, hint);
  if (!command)
    throw refuse('has no ExecStart= that systemd understands', 'openclaw gateway install --force');
  if (commands.length > 1) throw refuse('has several commands', 'Keep the command of the gateway alone.');
  if (!unit.isUnderstood)
    throw refuse('was read in another way by systemd', 'Write its ExecStart= without quotes and escapes.');
  if (unit.user && /[+!]/.test(command.signs))
    throw refuse(
      `starts as root and not as ${unit.user}, because of "${command.signs}"`,
      'Remove that sign.',
    );
  const assignments = command.words.map(({ value }) => value).filter((value) => value.startsWith('PATH='));
  const searchPath = assignments.at(-1)?.slice(5) || environment.PATH || env.PATH || '';
  const home = environment.HOME || unit.specifiers.h || '';
  const directory = (assigned.WorkingDirectory?.at(-1) ?? '/').replace(/^-/, '').replace(/^~$/, home);
  const scan = {
    searchPath,
    directory: expandSpecifiers(directory, unit.specifiers),
    isNameEnough: isBlind || unit.dropIns.some((path) => path.includes('openclaw-releases')),
    isBlind,
  };
  const found = inWords(command, scan) ?? inText(command, scan, { home, specifiers: unit.specifiers });
  const elsewhere = hintElsewhere(command);
  if (!found)
    throw refuse('does not show where OpenClaw starts', elsewhere ?? exampleFor(command, searchPath));
  if (found === 'several') throw refuse('starts OpenClaw in several places', 'Keep one of them.');
  if (found === 'no gateway')
    throw refuse('starts no gateway', elsewhere ?? 'openclaw gateway install --force');
  const { passed, ...rest } = found;
  for (const [how, programs] of Object.entries(ELSEWHERE)) {
    const program = passed.find((word) => programs.split(' ').includes(basename(word)));
    if (program)
      throw refuse(
        `starts OpenClaw ${how} (${program})`,
        `Start it in ${unit.name} without ${basename(program)}.`,
      );
  }
  return { ...rest, searchPath };
}

type Found = (Omit<GatewayCommand, 'searchPath'> & { passed: string[] }) | 'several' | 'no gateway' | null;

function inWords({ signs, words }: CommandLine, scan: Scan): Found {
  const named = signs.includes('@');
  const [program, ...args] = words;
  if (!program) return null;
  // The name that a program is given for itself is no argument.
  const start = findOnly(named ? [program, ...args.slice(1)] : words, scan, true);
  if (start === null || typeof start === 'string') return start;
  const { from, to, ...rest } = start;
  const raw = words.map((word) => word.raw);
  const shift = named ? 1 : 0;
  const after = raw.slice(to + shift).map((word) => ` ${word}`);
  const passed = words.slice(0, from + shift).map(({ value }) => value);
  if (from === 0)
    return { before: signs.replace('@', ''), after: after.join(''), place: 'program', passed: [], ...rest };
  const before = `${signs}${raw.slice(0, from + shift).join(' ')} `;
  return {
    before,
    after: after.join(''),
    place: signs.includes(':') ? 'unexpanded-argument' : 'argument',
    passed,
    ...rest,
  };
}

/** Text that a shell or `env -S` splits: `sh -c 'exec node … gateway'`. */
function inText(
  { signs, words }: CommandLine,
  scan: Scan,
  { home, specifiers }: { home: string; specifiers: Record<string, string> },
): Found {
  const found = words.flatMap((word, at): Exclude<Found, null>[] => {
    if (at === 0 || !/\s/.test(word.value)) return [];
    const tokens = [...word.raw.matchAll(/[^\s;&|<>()"'\\`]+/g)];
    const texts = tokens.map(({ 0: raw }): Word => {
      const text = expandSpecifiers(raw, specifiers).replaceAll('$$', '$');
      return { raw, value: text.replace(/^(?:~(?=\/)|\$HOME\b|\$\{HOME\})/, home) };
    });
    const start = findOnly(texts, scan, false);
    if (start === null) return [];
    if (typeof start === 'string') return [start];
    const { from, to, ...rest } = start;
    const [begin, last] = [tokens[from]?.index ?? 0, tokens[to - 1]];
    const end = (last?.index ?? 0) + (last?.[0].length ?? 0);
    if (/[;&|<>()"'\\`]/.test(word.raw.slice(begin, end))) return [];
    const join = (some: Word[]) => some.map(({ raw }) => ` ${raw}`).join('');
    return [
      {
        before: `${signs}${join(words.slice(0, at)).slice(1)} ${word.raw.slice(0, begin)}`,
        after: word.raw.slice(end) + join(words.slice(at + 1)),
        place: signs.includes(':') ? 'unexpanded-text' : 'text',
        passed: [...words.slice(0, at), ...texts.slice(0, from)].map(({ value }) => value),
        ...rest,
      },
    ];
  });
  return found.length > 1 ? 'several' : (found[0] ?? null);
}

/** Programs that only pass connections on to a gateway. */
const PROXIES = ['systemd-socket-proxyd', 'socat', 'haproxy', 'nginx', 'caddy'];

/** Null where no word is a program that starts OpenClaw elsewhere, or passes connections on to it. */
function hintElsewhere({ words }: CommandLine): string | null {
  const others = [...PROXIES, ...Object.values(ELSEWHERE).flatMap((programs) => programs.split(' '))];
  const other = words.map(({ value }) => basename(value)).find((name) => others.includes(name));
  return other === undefined
    ? null
    : `Adopt what starts OpenClaw itself: another unit, with --unit, or what ${other} starts.`;
}

/** The command that can be adopted, where the first program hides OpenClaw. */
function exampleFor({ signs, words }: CommandLine, searchPath: string): string {
  const [program, ...args] = words.map(({ raw }) => raw);
  const openClaw = findProgram('openclaw', searchPath) ?? '/path/to/openclaw';
  const rest = args.includes('gateway') ? args : [...args, 'gateway'];
  const line = signs + withoutSecrets([program ?? '', openClaw, ...rest]);
  return `End ${program} with: exec "$@" and write: ExecStart=${line}`;
}

/** `ExecStart=…` for people to read, without secrets. */
export function shownCommands({ commands }: Pick<ServiceSettings, 'commands'>): string {
  const lines = commands.map(({ signs, words }) => signs + withoutSecrets(words.map(({ raw }) => raw)));
  return `ExecStart=${lines.join(' ; ')}`;
}

function refuseCommand(unit: GatewayUnit, why: string, hint: string): ReleasesError {
  return new ReleasesError('command_unknown', `${unit.name} ${why}: ${shownCommands(unit.own)}`, { hint });
}
