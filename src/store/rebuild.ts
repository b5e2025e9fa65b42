import { existsSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { whyNot } from '../core/record.js';
import { sha256 } from '../core/sha256.js';
import type { Manifest } from './manifest.js';
import { releaseDirectory } from './manifest.js';
import type { Root } from './root.js';
import { describeRuntime, linkedNode, runtimeVersionIn } from './runtimes.js';
import { DIGESTS_FILE, digestTree } from './tree.js';

const UNKNOWN = 'unknown';

/**
 * Builds the manifest of a release again from its own files. `integrity` is empty, the signature `unchecked`, other
 * fields that the disk does not show are `unknown`.
 * @throws Error when the files differ from the sealed ones or are incomplete; system errors
 */
export async function rebuildManifest(root: Root, id: string): Promise<Manifest> {
  const directory = releaseDirectory(root, id);
  const sealed = readPlainFile(join(directory, DIGESTS_FILE), LARGEST).toString();
  const tree = await digestTree(directory);
  if (tree.text !== sealed) throw new Error(`its files are not those of ${DIGESTS_FILE}`);
  const main = readlinkSync(join(directory, 'main'));
  const about = readJson(join(directory, dirname(main), 'package.json'));
  const { version, engines, openclaw } = about as {
    version: string;
    engines?: { node?: string };
    openclaw?: { schemaVersions?: { state: number; agent: number } };
  };
  const { state, agent } = openclaw?.schemaVersions ?? {};
  const manifest: Manifest = {
    schema: 1,
    id,
    version,
    spec: UNKNOWN,
    integrity: '',
    signature: 'unchecked',
    engines: engines?.node?.trim() ? engines.node : null,
    schemas:
      Number.isInteger(state) && Number.isInteger(agent) ? ({ state, agent } as Manifest['schemas']) : null,
    runtime: runtimeOf(root, linkedNode(directory) ?? ''),
    main,
    ...lockedIn(join(directory, 'package-lock.json')),
    ...{ treeDigest: tree.digest, files: tree.files, bytes: tree.bytes },
    skippedScripts: [],
    sealedAt: statSync(join(directory, DIGESTS_FILE)).mtime.toISOString(),
  };
  const why = whyNot('release', manifest);
  if (why !== null) throw new Error(`what its files say ${why}`);
  return manifest;
}

function readJson(path: string): unknown {
  return JSON.parse(readPlainFile(path, LARGEST).toString());
}

/** Describes the Node that is there; nothing says whether the release was sealed with it. */
function runtimeOf(root: Root, path: string): Manifest['runtime'] {
  const version = runtimeVersionIn(path);
  if (version === null) return { version: UNKNOWN, path };
  return ifPossible(() => describeRuntime(root, version)) ?? { version, path };
}

function lockedIn(path: string): Pick<Manifest, 'lockfileDigest' | 'packages'> {
  if (!existsSync(path)) return { lockfileDigest: '', packages: 0 };
  const { packages = {} } = readJson(path) as { packages?: object };
  const lockfileDigest = sha256(readPlainFile(path, LARGEST));
  return { lockfileDigest, packages: Object.keys(packages).filter((place) => basename(place) !== '').length };
}
