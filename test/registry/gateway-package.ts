import { readFileSync } from 'node:fs';
import { CHUNK_NAMES, chunkFile, chunkFiles } from './gateway-chunks.js';
import type { PackageFiles } from './tarball.js';

export { CHUNK_NAMES, chunkFile, WORK } from './gateway-chunks.js';

/** Differences of a version of the small gateway from a working one; its program reads this from `behaviour.json`. */
export interface Behaviour {
  /** Throws at start: exit code 1. */
  crashAtStart?: boolean;
  /** Throws at start while there is a file at this absolute path: a release that was healthy and is not any more. */
  crashesWhile?: string;
  /** Throws likewise, but once: it removes the file. */
  crashesOnce?: string;
  /** Is healthy and ready, and exits with 1 this many milliseconds after it began to listen. */
  crashAfterMs?: number;
  /** Exits with 78 at start: a configuration that it does not accept, which no restart helps. */
  exitCode78?: boolean;
  /** Exits with 78 while there is no configuration file. */
  needsConfig?: boolean;
  /** Exits with 78 where it has less priority than others: as a gateway does that is late for a limit of its own on a busy host. */
  refusesToWait?: boolean;
  /**
   * Exits with 78 where its first half second of processor time takes it 3 s, while there is a file at this absolute path, which
   * it removes: as OpenClaw does that is late for a limit of its own on a starved host, and is not at its next start.
   */
  isLateOnce?: string;
  /** Alive and never ready where it has less priority than others, as on a host that is too busy for it. */
  starves?: boolean;
  /** Alive and never ready: `failing: ["channels"]`. */
  neverReady?: boolean;
  /** Ready, with `failing: ["discord"]` listed. */
  failingChannel?: boolean;
  /** Listens after a fifth of this time and is ready at its end; `failing` shrinks and `phase` advances meanwhile. */
  slowStartMs?: number;
  /** Reports this version over HTTP. */
  answersVersion?: string;
  /** Reports this version to `--version`. */
  printsVersion?: string;
  /** `false`: no `/startupz`, as in older versions. */
  startupz?: boolean;
  /** Listens on this address in place of the configured one. */
  listensOn?: string;
  /** Continues as before after SIGTERM. */
  ignoreSigterm?: boolean;
  /** Takes no more work after SIGTERM, says `failing: ["draining"]`, and never exits. */
  drainForever?: boolean;
  /** Marks the state directory as its own at start: other versions then crash there at start. */
  claimsState?: boolean;
  /**
   * Tells over a WebSocket how busy it is: with what the file `busy` in its state directory says, one kind of work a
   * line, as `embedded-run`, and the session after it; idle without one.
   */
  tellsActivity?: boolean;
  /** With `tellsActivity`: its channel `discord` does not find its credential, and does not run. */
  lacksCredential?: boolean;
  /** With `tellsActivity`: has `gateway.suspend.*`, as 2026.9.3 and newer, and no restart intent in a file. */
  drains?: boolean;
  /** With `tellsActivity`: versions of the protocol, in a file as the real package has one. */
  protocol?: { current: number; client: number; node?: number };
  /** Its `preinstall` fails and leaves the package locked. */
  failPreinstall?: boolean;
  /** `engines.node`; `>=20` unless given. The program itself runs on any. */
  engines?: string;
  /**
   * Keeps its state in databases of these versions, and moves into them what older versions left in files, before it
   * does anything else at start. Needs a Node with `node:sqlite`; on another one it says so and exits with 1. Ends
   * with 78 when it finds newer ones. Has `database preflight`.
   */
  migratesTo?: { state: number; agent: number };
  /** Migrates the one database, and throws before the other one: exit code 1. */
  crashMidMigration?: boolean;
  /** `false`: no `database preflight-agent`, as in older versions. */
  preflightAgent?: boolean;
  /** Writes its version to the configuration, as `meta.lastTouchedVersion`. */
  touchesConfig?: boolean;
  /** Behaviour with installed plugins. */
  plugins?: PluginBehaviour;
  /** `openclaw.schemaVersions`, independent of its behaviour; left out unless given. */
  schemaVersions?: { state: number; agent: number };
  /** Loaded at start, so they must be installed; `{ "tiny-dep": "^1.0.0" }` unless given. */
  dependencies?: Record<string, string>;
}

/** Each by the ids of plugins, for those that are installed. */
export interface PluginBehaviour {
  /** `plugins update --all` brings them to these versions. */
  to?: Record<string, string>;
  /** It says why it cannot, and ends with 1. */
  refuses?: Record<string, string>;
  /** It never ends, and neither does its helper, whose pid is in `plugin-helper.pid` in the state directory. */
  hangs?: boolean;
  /** `plugins doctor` says why they cannot be loaded. */
  breaks?: Record<string, string>;
  /** Throws at start when they have these versions. */
  crashesWith?: Record<string, string>;
  /** `doctor --fix` leaves links as they are. */
  leavesLinks?: boolean;
}

const PROGRAM = new URL('./gateway/', import.meta.url);

/** Place in the package of each source of the program. */
const SOURCES = {
  'openclaw.mjs': 'openclaw.mjs',
  'dist/index.js': 'index.js',
  'dist/arguments.js': 'arguments.js',
  'dist/gateway.js': 'gateway.js',
  'dist/config.js': 'config.js',
  'dist/profile.js': 'profile.js',
  'dist/readiness.js': 'readiness.js',
  'dist/socket.js': 'socket.js',
  'dist/admission.js': 'admission.js',
  'dist/files.js': 'files.js',
  'dist/state.js': 'state.js',
  'dist/sqlite.js': 'sqlite.js',
  'dist/databases.js': 'databases.js',
  'dist/preflight.js': 'preflight.js',
  'dist/plugins.js': 'plugins.js',
  'dist/loaded-plugins.js': 'loaded-plugins.js',
  'scripts/preinstall.mjs': 'preinstall.mjs',
  'scripts/postinstall.mjs': 'postinstall.mjs',
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function programFiles(version: string): PackageFiles['files'] {
  const chunks = CHUNK_NAMES.map((name) => chunkFile(version, name));
  const read = (source: string) =>
    readFileSync(new URL(source, PROGRAM), 'utf8')
      .replaceAll('__VERSION__', version)
      .replaceAll('__CHUNKS__', chunks.join(' '))
      .replaceAll('__SHUTDOWN_CHUNK__', chunkFile(version, 'shutdown'));
  return Object.fromEntries(
    Object.entries(SOURCES).map(([path, source]) => [
      path,
      path === 'openclaw.mjs' ? { text: read(source), mode: 0o755 } : read(source),
    ]),
  );
}

/**
 * A version of `openclaw` in miniature: the same entry points, lifecycle guard, lazy chunks, health endpoints and
 * signals as the real package, and nothing to build.
 */
export function openclawPackage(version: string, behaviour: Behaviour = {}): PackageFiles {
  const {
    engines = '>=20',
    schemaVersions,
    protocol,
    dependencies = { 'tiny-dep': '^1.0.0' },
    ...rest
  } = behaviour;
  const manifest = {
    name: 'openclaw',
    version,
    description: 'A gateway in miniature, for tests',
    license: 'MIT',
    type: 'module',
    main: 'dist/index.js',
    bin: { openclaw: 'openclaw.mjs' },
    scripts: { preinstall: 'node scripts/preinstall.mjs', postinstall: 'node scripts/postinstall.mjs' },
    engines: { node: engines },
    dependencies,
    ...(schemaVersions && { openclaw: { schemaVersions } }),
  };
  const files = {
    'package.json': json(manifest),
    'behaviour.json': json(rest),
    '.openclaw-lifecycle-pending': '',
    ...programFiles(version),
    ...chunkFiles(version),
    ...(protocol && { 'dist/version-Mini1.js': protocolFile(protocol) }),
    // The real tarball spells some of its paths like this.
    './dist/build-info.json': json({ version }),
  };
  return { name: 'openclaw', version, files };
}

function protocolFile({ current, client, node }: NonNullable<Behaviour['protocol']>): string {
  return [
    `const PROTOCOL_VERSION = ${current};`,
    `const MIN_CLIENT_PROTOCOL_VERSION = ${client};`,
    ...(node === undefined ? [] : [`const MIN_NODE_PROTOCOL_VERSION = ${node};`]),
    '',
  ].join('\n');
}

/** Dependency of `openclaw`. Its install script leaves a file `INSTALL_SCRIPT_RAN` beside it. */
export function tinyDependency(version = '1.0.0'): PackageFiles {
  const manifest = {
    name: 'tiny-dep',
    version,
    description: 'A dependency with an install script, for tests',
    license: 'MIT',
    type: 'module',
    exports: './index.js',
    scripts: { postinstall: 'node postinstall.mjs' },
  };
  const files = {
    'package.json': json(manifest),
    'index.js': `export const version = '${version}';\n`,
    'postinstall.mjs': [
      `import { writeFileSync } from 'node:fs';`,
      `writeFileSync(new URL('INSTALL_SCRIPT_RAN', import.meta.url), '');\n`,
    ].join('\n'),
  };
  return { name: 'tiny-dep', version, files };
}
