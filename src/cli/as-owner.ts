import { type ChildProcess, spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { SystemUnits } from '../adopt/system-units.js';
import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { shellWord } from '../core/shell-word.js';
import { type Account, accountOf } from '../host/account.js';
import { PRIVILEGED, type PrivilegedRequest } from '../host/systemd/privileged.js';
import { within } from '../host/wait.js';
import { rootAt } from '../store/root.js';
import { failWith } from './output.js';
import { nameRoot } from './typed-command.js';
import { type ForeignRoot, unitNameIn } from './unit-root.js';
import { print, tint } from './write.js';

/** Variables of the superuser that the owner, who can read them, may have. */
const HANDED_ON =
  /^(PATH|TERM|COLUMNS|LANG|LC_[A-Z]+|TZ|NO_COLOR|FORCE_COLOR|CI|OPENCLAW_(RELEASES_\w+|PROFILE|STATE_DIR|CONFIG_PATH|GATEWAY_PORT))$/;

/** Way to a registry: without it nothing can be fetched behind a proxy or with certificates of a company. */
const NETWORK =
  /^((https?|all|no)_proxy|npm_config_(registry|cafile|proxy|https_proxy|https-proxy|noproxy)|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_(FILE|DIR))$/i;

/** Milliseconds after the end of the owner's process in which its last output arrives. */
const LEFT_BEHIND_MS = 2_000;

/** Characters of an output that is kept until the program runs. */
const MOST_EARLY = 10_000;

/** Commands that write unit files, with `--system`; recovery undoes these. */
const WRITING = new Set(['adopt', 'unadopt', 'timer', 'uninstall']);

/**
 * Runs a command of the superuser on another user's root as that user: everything below a root is its owner's, and the
 * owner could turn a file into a link to any other. This process opens nothing of the owner. It answers what only the
 * superuser may do (`SystemUnits`), and filters the output, because the owner could put another program in its place.
 */
export async function runAsOwner(words: string[], foreign: ForeignRoot): Promise<void> {
  try {
    const account = accountOf(foreign.uid);
    if (!account) throw withoutAccount(foreign);
    const root = rootAt(foreign.path);
    nameRoot(root);
    process.exitCode = await runAs(account, words, unitsFor(account, words, root.path), root.path);
  } catch (error) {
    failWith(error, words.includes('--json'));
  }
}

function unitsFor(owner: Account, words: string[], root: string): SystemUnits {
  const [command = ''] = words;
  const isOfUnit = ['adopt', 'unadopt', 'uninstall'].includes(command);
  return new SystemUnits({
    ...{ root, owner },
    unit: isOfUnit ? unitNameIn(words) : null,
    mayWrite:
      command === 'recover' ||
      (WRITING.has(command) && words.includes('--system') && !words.includes('--dry-run')),
    mayWriteFiles:
      command === 'unadopt' ||
      (command === 'adopt' && words.includes('--write') && !words.includes('--dry-run')),
  });
}

function runAs(account: Account, words: string[], units: SystemUnits, root: string): Promise<number> {
  const { uid, gid } = account;
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...withoutColours(words)], {
    // Node drops all other groups where it changes the user.
    ...{ uid, gid, env: environmentFor(account, root) },
    // A session of its own, so that it has no way to type into this terminal.
    detached: true,
    stdio: [process.stdin.isTTY ? 'ignore' : 'inherit', 'pipe', 'pipe', 'ipc'],
  });
  const show = words.includes('--json') ? print : tint;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => show(text));
  // A Node that finds no program prints pages, and the error below says the same.
  let early = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (isReady) show(text, 2);
    else early = `${early}${text}`.slice(-MOST_EARLY);
  });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  let isReady = false;
  let answered = Promise.resolve();
  child.on('message', (message) => {
    isReady = true;
    if (early) show(early, 2);
    early = '';
    // One after the other: a request can depend on the one before.
    answered = answered.then(() => answer(units, message, (reply) => sendTo(child, reply)));
  });
  const closed = Promise.all(
    [
      [child.stdout, 'close'],
      [child.stderr, 'close'],
      [child, 'disconnect'],
    ].map(
      ([from, event]) => new Promise((done) => (from as EventEmitter | null)?.once(event as string, done)),
    ),
  );
  return new Promise((resolve, reject) => {
    child.on('error', () => reject(notStarted(account)));
    child.on('exit', async (code, signal) => {
      await within(closed, LEFT_BEHIND_MS);
      letGo(child);
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, pass);
      await answered;
      if (!isReady && code !== null && code !== 0) return reject(notStarted(account));
      try {
        if (code === 0) units.settle();
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** A process that has ended gets no reply. Without a callback that would be the error of a failed start. */
function sendTo(child: ChildProcess, reply: object): void {
  if (child.connected) child.send(reply, () => {});
}

/** A process that the owner has left behind may hold these open. */
function letGo(child: ChildProcess): void {
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  if (child.connected) child.disconnect();
}

async function answer(units: SystemUnits, message: unknown, send: (reply: object) => void): Promise<void> {
  const { id, request } = (message ?? {}) as { id?: unknown; request?: PrivilegedRequest };
  if (typeof id !== 'number' || !request) return;
  try {
    send({ id, answer: await units.answer(request) });
  } catch (error) {
    send({ id, error: toErrorRecord(error) });
  }
}

function environmentFor({ uid, name, home }: Account, root: string): NodeJS.ProcessEnv {
  const handedOn = Object.entries(process.env).filter(
    ([variable, value]) =>
      HANDED_ON.test(variable) ||
      // A password in an address is the superuser's.
      (NETWORK.test(variable) && !value?.includes('@')),
  );
  const runtime = `/run/user/${uid}`;
  return {
    ...Object.fromEntries(handedOn),
    HOME: home,
    USER: name,
    LOGNAME: name,
    ...(existsSync(runtime) && { XDG_RUNTIME_DIR: runtime }),
    OPENCLAW_RELEASES_ROOT: root,
    [PRIVILEGED]: '1',
  };
}

/** Colours of another user's process would arrive as text: this process adds them. */
function withoutColours(words: string[]): string[] {
  return words.map((word, at) =>
    words[at - 1] === '--color' || word.startsWith('--color=') ? word.replace(/always$/, 'never') : word,
  );
}

function notStarted({ name }: Account): ReleasesError {
  return new ReleasesError('node_unavailable', `${name}, who owns the root, cannot start this program.`, {
    hint: `sudo -u ${name} ${process.execPath} ${process.argv[1]} --version; install both where ${name} may read them`,
  });
}

function withoutAccount({ path, uid }: ForeignRoot): ReleasesError {
  return new ReleasesError('root_not_owned', `${path} belongs to user ${uid}, who has no account here.`, {
    hint: `chown -R it to the user of the gateway, or sudo -u '#${uid}' openclaw-releases --root ${shellWord(path)}`,
  });
}
