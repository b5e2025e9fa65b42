import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AtEnd, temporaryDirectory, until } from '../support/place.js';
import { slowness } from '../support/slowness.js';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** The owner of the roots, and another user; base-passwd of Debian has both. */
export const OWNER = { uid: 5, gid: 60, name: 'games' };
export const OTHER = { uid: 33, gid: 33, name: 'www-data' };

/** Text of a file that only root may read. */
export const SECRET = 'canary-4f1b7c';

/** The unit that the false systemd knows. */
export const UNIT = 'openclaw-gateway.service';

/** Milliseconds for one command, which never waits longer than its own limits. */
const BOUND_MS = 60_000;

export interface Ran {
  exitCode: number | null;
  /** True where the command had not ended within the bound. */
  late: boolean;
  output: string;
  /** Code of the error with `--json`; null for success and for text. */
  code: string | null;
  ms: number;
}

/** A machine as seen by one process tree: its own /etc/systemd/system, /run, /var/lib and a false systemctl. */
export interface Arena {
  /** Directory of root's, which everybody may enter. */
  path: string;
  /** Tree of root's that no command may read or change. */
  canary: string;
  /** Directory that everybody may write to, as /tmp. */
  open: string;
  /** Log of each planted program that ran: user and name. */
  ran(): string[];
  /** Jobs that the false systemctl got from the superuser. */
  jobs(): string[];
  /** A program that writes its user to the log. */
  program(path: string): void;
  /** Files of units and of root's records, with their text. */
  systemFiles(): Record<string, string>;
  ocr(words: string[], as?: { uid: number; gid: number }): Promise<Ran>;
  /** Runs any command inside, as root. */
  inside(argv: string[], options?: { env?: NodeJS.ProcessEnv }): ChildProcess;
  /** A directory in which a user may write. */
  home(of?: { uid: number; gid: number }): string;
  /** Path of the command as seen inside. */
  cli: string;
  node: string;
}

let homes = 0;

export async function openArena(atEnd: AtEnd): Promise<Arena> {
  const path = temporaryDirectory('attacks', atEnd);
  chmodSync(path, 0o755);
  const at = (name: string, mode = 0o755) => {
    mkdirSync(join(path, name));
    chmodSync(join(path, name), mode);
    return join(path, name);
  };
  const [bin, checkout, nodeHome, canary, open] = [
    at('bin'),
    at('checkout'),
    at('node'),
    at('canary'),
    at('open', 0o1777),
  ];
  const [log, jobs] = [join(path, 'ran.log'), join(path, 'jobs.log')];
  for (const file of [log, jobs]) {
    writeFileSync(file, '');
    chmodSync(file, 0o666);
  }
  fillCanary(canary);
  script(join(bin, 'systemctl'), systemctlText(jobs));
  script(join(bin, 'systemd-run'), '#!/bin/sh\nexit 1\n');
  const mounts = `set -e
    mount --bind "$1" "$2"; mount --bind "$3" "$4"
    for one in /etc/systemd/system /run /var/lib; do mount -t tmpfs -o mode=0755 attacks $one; done
    mkdir -p /run/systemd/system
    printf '[Service]\\nUser=%s\\nExecStart=%s /usr/lib/node_modules/openclaw/openclaw.mjs gateway\\n' "$5" "$4/node" >/etc/systemd/system/${UNIT}
    echo ready >"$6"; exec sleep 100000`;
  const ready = join(path, 'ready');
  const words = [CHECKOUT, checkout, dirname(process.execPath), nodeHome, OWNER.name, ready];
  const holder = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', mounts, 'sh', ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  atEnd(() => void holder.kill('SIGKILL'));
  await until('the arena has its mounts', () => {
    if (holder.exitCode !== null) throw new Error(`The arena ended with ${holder.exitCode}.`);
    return lstatSync(ready, { throwIfNoEntry: false }) !== undefined;
  });
  const enter = ['--target', String(holder.pid), '--mount', '--'];
  const [cli, node] = [join(checkout, 'dist/cli/main.cjs'), join(nodeHome, 'node')];
  const env = {
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: '/root',
    LANG: 'C.UTF-8',
    npm_config_registry: 'http://127.0.0.1:9/',
    TOKEN_OF_ROOT: SECRET,
  };
  return {
    ...{ path, canary, open, cli, node },
    ran: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
    jobs: () => readFileSync(jobs, 'utf8').split('\n').filter(Boolean),
    program: (place) => script(place, `#!/bin/sh\necho "$(id -u) ${place}" >>${log}\n`),
    systemFiles() {
      const seen = (directory: string) => filesBelow(`/proc/${holder.pid}/root${directory}`, directory);
      return { ...seen('/etc/systemd/system'), ...seen('/var/lib') };
    },
    home(of = OWNER) {
      const home = join(path, `home-${++homes}`);
      mkdirSync(home, { mode: 0o755 });
      chownSync(home, of.uid, of.gid);
      return home;
    },
    inside: (argv, options = {}) =>
      spawn('nsenter', [...enter, ...argv], {
        env: { ...env, ...options.env },
        cwd: '/',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ocr(given, as) {
      const drop = as ? ['setpriv', `--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups', '--'] : [];
      const began = performance.now();
      return new Promise((resolve) => {
        execFile(
          'nsenter',
          [...enter, ...drop, node, cli, ...given],
          { env, cwd: '/', timeout: BOUND_MS * slowness, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 },
          (error, stdout, stderr) => {
            const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
            const ms = performance.now() - began;
            resolve({
              exitCode,
              late: error?.killed === true,
              output: stdout + stderr,
              code: codeIn(stdout),
              ms,
            });
          },
        );
      });
    },
  };
}

function codeIn(stdout: string): string | null {
  try {
    const { error } = JSON.parse(stdout);
    return error?.code ?? null;
  } catch {
    return null;
  }
}

function script(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** Answers `show` for the unit as systemd does, and writes every job of the superuser down. */
function systemctlText(jobs: string): string {
  return `#!/bin/sh
case " $* " in
  *" --version "*) echo 'systemd 252'; exit 0 ;;
  *" show "*" ${UNIT} "*)
    printf '%s\\n' LoadState=loaded ActiveState=inactive SubState=dead Result=success MainPID=0 User=${OWNER.name} \\
      FragmentPath=/etc/systemd/system/${UNIT} DropInPaths= Id=${UNIT}
    exit 0 ;;
  *" show "*) echo LoadState=not-found; exit 0 ;;
esac
[ "$(id -u)" != 0 ] || echo "$*" >>${jobs}
exit 0
`;
}

/** Secrets, programs, modes that a change would spoil, and links. */
function fillCanary(canary: string): void {
  const file = (name: string, text: string, mode: number) => {
    mkdirSync(dirname(join(canary, name)), { recursive: true });
    writeFileSync(join(canary, name), text);
    chmodSync(join(canary, name), mode);
  };
  file('secret', `${SECRET}\n`, 0o600);
  file('important', 'keep\n', 0o644);
  file('openclaw.json', JSON.stringify({ gateway: { auth: { token: SECRET } } }), 0o600);
  file('release.json', JSON.stringify({ secret: SECRET }), 0o600);
  file('files.sha256', `${SECRET}  secret\n`, 0o600);
  file('gateway', '#!/bin/sh\n', 0o700);
  file('old/2026.6.1/release.json', '{}', 0o600);
  file('closed/secret', `${SECRET}\n`, 0o600);
  chmodSync(join(canary, 'closed'), 0o700);
}

/** Everything that a command could have changed in a tree, but for the time of the last read. */
export function pictureOf(directory: string): Record<string, string> {
  const picture: Record<string, string> = {};
  const visit = (path: string) => {
    const { ino, mode, uid, gid, size, mtimeMs, ctimeMs, nlink } = lstatSync(path);
    const kind = lstatSync(path);
    const content = kind.isFile()
      ? readFileSync(path, 'latin1')
      : kind.isSymbolicLink()
        ? readlinkSync(path)
        : '';
    picture[path] = [ino, mode.toString(8), uid, gid, size, mtimeMs, ctimeMs, nlink, content].join(' ');
    if (kind.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  visit(directory);
  return picture;
}

function filesBelow(directory: string, shownAs: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(directory)) {
    const [path, shown] = [join(directory, name), join(shownAs, name)];
    const stats = lstatSync(path);
    if (stats.isDirectory()) Object.assign(files, filesBelow(path, shown));
    else files[shown] = stats.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, 'utf8');
  }
  return files;
}

/** Paths below a directory whose text has the secret; links are not followed. */
export function leaksBelow(directory: string): string[] {
  const found: string[] = [];
  const visit = (path: string) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    if (stats?.isFile() && stats.size < 2 ** 20 && readFileSync(path).includes(SECRET)) found.push(path);
  };
  visit(directory);
  return found;
}

/** Makes everything below a place the owner's, links themselves included. */
export function give(path: string, { uid, gid }: { uid: number; gid: number } = OWNER): void {
  execFileSync('chown', ['--recursive', '--no-dereference', `${uid}:${gid}`, path]);
}

/** Appends to a file that a test reads later. */
export function note(path: string, line: string): void {
  appendFileSync(path, `${line}\n`);
}
