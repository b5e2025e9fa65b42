import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ReleasesError } from '../core/errors.js';
import { throwIfInterrupted } from '../core/interrupted.js';
import { planPlacements } from './closure.js';
import type { Install } from './install.js';

export interface CopyRequest {
  install: Pick<Install, 'packageRoot' | 'version'>;
  into: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { phase: 'copy'; done: number }) => void) | undefined;
}

export interface CopyReport {
  packages: number;
  files: number;
  /** Hex sha256 of the derived `package-lock.json`; empty when none could be derived. */
  lockfileDigest: string;
}

/** Files between two turns of the event loop: fast, and Ctrl-C still acts at once. */
const FILES_PER_TURN = 200;

/**
 * Copies an install and everything it resolves into the layout of a release: `node_modules/openclaw/…`, `package.json`
 * and, when derivable, `package-lock.json`. Makes copies or reflinks, never hard links, so that later changes of the
 * install cannot change the release. Only reads the install.
 * The superuser copies only what belongs to the owner of the package: a link may name anything.
 * @throws ReleasesError `not_openclaw`, `install_failed`, `interrupted`; system errors such as ENOSPC pass through
 */
export async function copyInstall({ install, into, signal, onProgress }: CopyRequest): Promise<CopyReport> {
  const { packageRoot, version } = install;
  if (existsSync(join(packageRoot, '.git'))) throw checkout(packageRoot);
  const before = fingerprint(packageRoot);
  const placements = planPlacements(packageRoot);
  const { uid } = statSync(packageRoot);
  const refuseForeign = (path: string, found: Stats) => {
    if (process.geteuid?.() === 0 && found.uid !== uid) throw foreign(path, found.uid, uid, version);
  };
  const copier = new Copier(refuseForeign, signal, (done) => onProgress?.({ phase: 'copy', done }));
  for (const { from, to } of placements) await copier.copyPackage(from, join(into, to));
  if (fingerprint(packageRoot) !== before) throw changed(packageRoot);
  const manifest = {
    name: 'openclaw-release',
    description: `OpenClaw ${version} with everything it needs, copied from an install by openclaw-releases.`,
    private: true,
    dependencies: { openclaw: version },
  };
  writeFileSync(join(into, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  // npm's tree library is large, so it is loaded here only.
  const { deriveLockfile } = await import('./lock.js');
  return { files: copier.files, ...(await deriveLockfile(into, packageRoot)) };
}

/** Copies with one synchronous call a file: thirty thousand promises cost four times what the copying does. */
class Copier {
  files = 0;
  readonly #refuseForeign: (path: string, found: Stats) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onTurn: (done: number) => void;

  constructor(
    refuseForeign: (path: string, found: Stats) => void,
    signal: AbortSignal | undefined,
    onTurn: (done: number) => void,
  ) {
    this.#refuseForeign = refuseForeign;
    this.#signal = signal;
    this.#onTurn = onTurn;
  }

  async copyPackage(from: string, to: string): Promise<void> {
    mkdirSync(dirname(to), { recursive: true });
    await this.#directory(from, to, realpathSync(from), [from]);
  }

  async #directory(from: string, to: string, unit: string, above: string[]): Promise<void> {
    const found = statSync(from);
    this.#refuseForeign(from, found);
    mkdirSync(to, { recursive: true });
    // Sets the mode independently of the umask; the owner must be able to fill the directory.
    chmodSync(to, (found.mode & 0o777) | 0o700);
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(to, entry.name)];
      if (entry.isDirectory()) await this.#directory(source, target, unit, above);
      else if (entry.isSymbolicLink()) await this.#link(source, target, unit, above);
      else if (entry.isFile()) await this.#file(source, target);
    }
  }

  /** Keeps a link inside its package; copies what any other link points to, because we do not control it. */
  async #link(from: string, to: string, unit: string, above: string[]): Promise<void> {
    const target = readlinkSync(from);
    const real = existsSync(from) ? realpathSync(from) : null;
    if (real === null) return;
    const spelled = resolve(dirname(from), target);
    if (!isAbsolute(target) && within(spelled, unit) && within(real, unit)) return symlinkSync(target, to);
    // pnpm's dependencies have their own place in the copy, and its programs contain paths of pnpm.
    if (/(^|\/)node_modules\/((@[^/]+\/)?[^/@]+|\.bin\/[^/]+)$/.test(from)) return;
    const stats = statSync(real);
    if (stats.isFile()) await this.#file(real, to);
    else if (stats.isDirectory() && !above.includes(real)) {
      await this.#directory(real, to, unit, [...above, real]);
    }
  }

  async #file(from: string, to: string): Promise<void> {
    // Checks the open file: a name can mean another file a moment later.
    const open = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      this.#refuseForeign(from, fstatSync(open));
      copyFileSync(`/proc/self/fd/${open}`, to, constants.COPYFILE_FICLONE);
    } finally {
      closeSync(open);
    }
    if (++this.files % FILES_PER_TURN !== 0) return;
    this.#onTurn(this.files);
    await setImmediate();
    throwIfInterrupted(this.#signal);
  }
}

function within(path: string, directory: string): boolean {
  return path.startsWith(directory + sep);
}

/** Changes when a package manager replaces the package; a hint only, the proof is the probe of the copy. */
function fingerprint(packageRoot: string): string {
  return ['package.json', 'dist', 'node_modules', '.']
    .map((name) => statSync(join(packageRoot, name), { throwIfNoEntry: false }))
    .map((stats) => (stats ? `${stats.ino}:${stats.mtimeMs}` : ''))
    .join(' ');
}

function foreign(path: string, uid: number, owner: number, version: string): ReleasesError {
  return new ReleasesError(
    'install_failed',
    `${path} belongs to the user ${uid}, and the package to the user ${owner}.`,
    {
      hint: `openclaw-releases stage ${version}, which installs it afresh; then adopt again, which uses that`,
      untouched: 'Nothing was changed.',
    },
  );
}

function changed(packageRoot: string): ReleasesError {
  return new ReleasesError('install_failed', `${packageRoot} changed while it was copied.`, {
    hint: 'Wait for the package manager to finish, then give the same command again.',
  });
}

function checkout(packageRoot: string): ReleasesError {
  return new ReleasesError('not_openclaw', `${packageRoot} is a source checkout, not an installed package.`, {
    hint: 'openclaw-releases stage <version>, or npm pack in the checkout and stage the archive',
  });
}
