import { posix } from 'node:path';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { isRecord, type Json } from '../core/json.js';
import type { Count, Integer, Name } from '../core/scalars.js';

/** Database versions that a release declares; only newer releases do. */
export interface SchemaVersions {
  state: Integer;
  agent: Integer;
}

export interface PackageFacts {
  version: Name;
  engines: string | null;
  schemas: SchemaVersions | null;
  /** Program path relative to the package: `openclaw.mjs`. */
  bin: string;
  /** Direct dependencies, including optional ones. */
  dependencyCount: Count;
}

/**
 * Validates a `package.json`, which is untrusted; messages name `where` as its source.
 * @throws ReleasesError `not_openclaw` when the package cannot be a release of OpenClaw
 */
export function readPackageJson(content: unknown, where: string): PackageFacts {
  const json = record(content);
  const version = typeof json.version === 'string' ? valid(json.version) : null;
  if (json.name !== 'openclaw')
    throw refuse(where, `is the package ${JSON.stringify(json.name)}, not openclaw`);
  // `valid` drops build metadata, which would look like the suffix that we add for archives.
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

/** Returns null unless both versions are declared. */
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

function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

function refuse(where: string, reason: string): ReleasesError {
  return new ReleasesError('not_openclaw', `${where} ${reason}.`, {
    hint: 'openclaw@latest, or an archive that `npm pack openclaw` made',
  });
}
