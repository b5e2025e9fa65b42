import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDirectory } from '../support/place.js';

/** Entries that are not copied: the history is not tested, and packages are shared. */
const SHARED = new Set(['.git', 'node_modules']);

/** Caches of vitest, which two copies must not write at once. */
const CACHES = new Set(['.vite', '.vite-temp', '.vitest']);

const BUILD = ['run', '--silent', 'build'];
const BUILD_MS = 180_000;

/** End of a program with its output; `late` when its time was up and every process that it had started was killed. */
export interface Ended {
  code: number | null;
  late: boolean;
  said: string;
}

/** A copy of the checkout that may be changed, with a directory for temporary files of its own. */
export class Scratch {
  readonly checkout: string;
  readonly #path: string;
  #builtAs: 'original' | 'mutant' = 'original';

  constructor(checkout: string) {
    this.#path = mkdtempSync(join(tmpdir(), 'openclaw-releases-mutants-'));
    // Tests that work as another user start the built command.
    chmodSync(this.#path, 0o755);
    this.checkout = join(this.#path, 'checkout');
    for (const name of readdirSync(checkout)) {
      if (!SHARED.has(name)) cpSync(join(checkout, name), join(this.checkout, name), COPY);
    }
    mkdirSync(join(this.checkout, 'node_modules'));
    for (const name of readdirSync(join(checkout, 'node_modules'))) {
      const target = join(checkout, 'node_modules', name);
      if (!CACHES.has(name)) symlinkSync(target, join(this.checkout, 'node_modules', name));
    }
    this.#buildUnchecked();
    cpSync(join(this.checkout, 'dist'), this.#original, COPY);
    mkdirSync(this.#temporary, { mode: 0o1777 });
    chmodSync(this.#temporary, 0o1777);
  }

  /** A mutant that drops a check leaves unused functions and wrong types: tests must find it, not the compiler. */
  #buildUnchecked(): void {
    const path = join(this.checkout, 'tsconfig.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as { compilerOptions: Record<string, unknown> };
    config.compilerOptions.noCheck = true;
    writeFileSync(path, JSON.stringify(config));
  }

  /** Replaces a text that a file has exactly once. @returns undoes it; @throws when the text occurs never or more than once */
  replace(file: string, find: string, replacement: string): () => void {
    const path = join(this.checkout, file);
    const text = readFileSync(path, 'utf8');
    const found = text.split(find).length - 1;
    if (found !== 1) throw new Error(`${file} has its text ${found} times, not once`);
    writeFileSync(
      path,
      text.replace(find, () => replacement),
    );
    return () => writeFileSync(path, text);
  }

  /** Builds `dist/` from the changed source. @returns the errors of the compiler; null when it is built */
  async build(signal: AbortSignal): Promise<string | null> {
    this.#builtAs = 'mutant';
    const { code, late, said } = await this.run('npm', BUILD, BUILD_MS, signal);
    return code === 0 ? null : late ? 'the build took too long' : said.trim();
  }

  /** Restores the original `dist/`. */
  restoreBuild(): void {
    if (this.#builtAs === 'original') return;
    const dist = join(this.checkout, 'dist');
    renameSync(dist, `${dist}.old`);
    cpSync(this.#original, dist, COPY);
    rmSync(`${dist}.old`, { recursive: true, force: true });
    this.#builtAs = 'original';
  }

  /** Runs a program in the copy within its time limit; no process that it started is left afterwards. */
  async run(program: string, args: string[], limitMs: number, signal: AbortSignal): Promise<Ended> {
    const child = spawn(program, args, {
      cwd: this.checkout,
      // A mutant's failures are no failures of the run that tries it.
      env: {
        ...process.env,
        TMPDIR: this.#temporary,
        CI: '',
        NO_COLOR: '1',
        FORCE_COLOR: '0',
        OPENCLAW_RELEASES_TEST_REPORTS: '',
        // The file that must catch a mutant may not be drawn.
        OPENCLAW_RELEASES_TEST_DRAW: '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const end = () => endGroup(child.pid);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limitMs);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.on('error', reject);
        // Processes that it has started may hold its output open.
        child.on('exit', resolve);
      });
      return { code, late, said };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      end();
      this.#sweep();
    }
  }

  /** Path for a file that a test writes and the caller reads. */
  fileFor(name: string): string {
    return join(this.#path, name);
  }

  remove(): void {
    this.#sweep();
    removeDirectory(this.#path);
  }

  get #temporary(): string {
    return join(this.#path, 'tmp');
  }

  get #original(): string {
    return join(this.#path, 'dist');
  }

  /** Kills processes that tests have started in sessions of their own, and removes what they left. */
  #sweep(): void {
    for (let tries = 0; tries < 100 && this.#endProcesses() > 0; tries++) pause(20);
    for (const mount of mountsBelow(this.#path)) execFileSync('umount', ['--lazy', mount]);
    for (const name of readdirSync(this.#temporary)) removeDirectoryOrFile(join(this.#temporary, name));
  }

  #endProcesses(): number {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && this.#isOurs(name));
    for (const pid of pids) kill(Number(pid));
    return pids.length;
  }

  /** Processes of a test have a path of the copy in their environment, arguments or directory. */
  #isOurs(pid: string): boolean {
    if (Number(pid) === process.pid) return false;
    const read = [
      () => readFileSync(`/proc/${pid}/environ`, 'latin1'),
      () => readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
      () => readlinkSync(`/proc/${pid}/cwd`),
    ];
    return read.some((look) => {
      try {
        return look().includes(this.#path);
      } catch {
        // The process has ended, or belongs to another user.
        return false;
      }
    });
  }
}

const COPY = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true } as const;

function removeDirectoryOrFile(path: string): void {
  try {
    removeDirectory(path);
  } catch {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Mounts below a path, the deepest first. */
function mountsBelow(path: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mount) => mount.startsWith(`${path}/`))
    .reverse();
}

function endGroup(pid: number | undefined): void {
  if (pid !== undefined) kill(-pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended.
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
