import { posix } from 'node:path';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';

/** Versions of the databases that a release says it reads and writes; newer releases do. */
export interface SchemaVersions {
  state: number;
  agent: number;
}

/** What a release's own `package.json` says that matters before it is installed. */
export interface PackageFacts {
  version: string;
  /** The range of `engines.node`, or null where there is none. */
  engines: string | null;
  schemas: SchemaVersions | null;
  /** The program, relative to the package: `openclaw.mjs`. */
  bin: string;
  /** Direct dependencies, optional ones included. */
  dependencyCount: number;
}

/**
 * Reads a `package.json`, which anyone may have written.
 * @param where whose it is, for people
 * @throws ReleasesError `not_openclaw` when it is not a package that could be a release of OpenClaw
 */
export function readPackageJson(content: unknown, where: string): PackageFacts {
  const json = record(content);
  const version = typeof json.version === 'string' ? valid(json.version) : null;
  if (json.name !== 'openclaw')
    throw refuse(where, `is the package ${JSON.stringify(json.name)}, not openclaw`);
  // `valid` drops build metadata, which could not be told from what we add for archives.
  if (version === null || version !== json.version) throw refuse(where, 'has no plain version number');
  const bin = readBin(json.bin);
  if (bin === null) throw refuse(where, 'has no program to start');
  const { node } = record(json.engines);
  return {
    version,
    engines: typeof node === 'string' && node.trim() !== '' ? node : null,
    schemas: readSchemas(json),
    bin,
    dependencyCount: Object.keys({ ...record(json.dependencies), ...record(json.optionalDependencies) })
      .length,
  };
}

/** The declared database versions, or null where both are not declared. */
export function readSchemas(content: unknown): SchemaVersions | null {
  const { state, agent } = record(record(record(content).openclaw).schemaVersions);
  return Number.isInteger(state) && Number.isInteger(agent)
    ? { state: Number(state), agent: Number(agent) }
    : null;
}

function readBin(bin: unknown): string | null {
  const path = typeof bin === 'string' ? bin : record(bin).openclaw;
  if (typeof path !== 'string' || path.includes('\0')) return null;
  const normal = posix.normalize(path);
  const inside =
    normal !== '.' && !normal.endsWith('/') && !posix.isAbsolute(normal) && !normal.startsWith('..');
  return inside ? normal : null;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function refuse(where: string, reason: string): ReleasesError {
  return new ReleasesError('not_openclaw', `${where} ${reason}.`, {
    hint: 'openclaw@latest, or an archive that `npm pack openclaw` made',
    untouched: 'Nothing was changed.',
  });
}
