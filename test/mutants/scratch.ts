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

/** Not copied: its history is not tested, and packages are shared. */
const SHARED = new Set(['.git', 'node_modules']);

/** vitest keeps results there, which two copies must not write at once. */
const CACHES = new Set(['.vite', '.vite-temp', '.vitest']);

const BUILD = ['run', '--silent', 'build'];
const BUILD_MS = 180_000;

/** How a program ended, with what it said; `late` when its time was up and everything that it had started was killed. */
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
    cpSync(join(this.checkout, 'dist'), this.#original, COPY);
    mkdirSync(this.#temporary, { mode: 0o1777 });
    chmodSync(this.#temporary, 0o1777);
  }

  /** Replaces a text that a file has exactly once. @returns puts it back; @throws when there is none, or another */
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

  /** Makes `dist/` of the source as it is now. @returns what the compiler says; null when it is built */
  async build(signal: AbortSignal): Promise<string | null> {
    this.#builtAs = 'mutant';
    const { code, late, said } = await this.run('npm', BUILD, BUILD_MS, signal);
    return code === 0 ? null : late ? 'the build took too long' : said.trim();
  }

  /** Makes `dist/` what it was. */
  restoreBuild(): void {
    if (this.#builtAs === 'original') return;
    const dist = join(this.checkout, 'dist');
    renameSync(dist, `${dist}.old`);
    cpSync(this.#original, dist, COPY);
    rmSync(`${dist}.old`, { recursive: true, force: true });
    this.#builtAs = 'original';
  }

  /** Runs a program here, as long as it may take; nothing that it started is left afterwards. */
  async run(program: string, args: string[], limitMs: number, signal: AbortSignal): Promise<Ended> {
    const child = spawn(program, args, {
      cwd: this.checkout,
      // A mutant's failures are none of the run that tries it.
      env: {
        ...process.env,
        TMPDIR: this.#temporary,
        CI: '',
        NO_COLOR: '1',
        FORCE_COLOR: '0',
        OPENCLAW_RELEASES_TEST_REPORTS: '',
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
        // What it has started may hold its output open.
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

  /** What a test writes that is to be read afterwards. */
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

  /** Ends what tests have started in sessions of their own, and removes what they left when they were killed. */
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

  /** Every process of a test has a path of the copy in what it was started with. */
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
        // Ended, or of somebody else.
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

/** The deepest first. */
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
    // It has ended.
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
