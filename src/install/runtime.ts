import { constants, mkdirSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exec, problemOf } from '../host/exec.js';
import { refuseNoexec } from '../host/executable.js';
import type { ClientOptions } from '../registry/client.js';
import { cleanEnvironment } from '../registry/environment.js';
import { type ReleaseNode, unavailable } from '../registry/node-choice.js';
import type { Root } from '../store/root.js';
import { runtimeDirectoryName, runtimeNode } from '../store/runtimes.js';
import { removeTree, sealRuntime } from '../store/seal.js';
import { runWorker } from './worker.js';

const VERSION_TIMEOUT_MS = 30_000;

export interface RuntimeRequest {
  root: Root;
  choice: ReleaseNode;
  staging: string;
  client(): Promise<ClientOptions>;
  signal?: AbortSignal | undefined;
}

/**
 * Puts a Node below `runtimes`, in place of a damaged one of that version, and proves there that it runs. Copies a Node
 * of the host or shares its blocks; a hard link would change with it.
 * @throws ReleasesError `node_unavailable`, `root_noexec`, `integrity_mismatch`, `archive_invalid`, `registry_unreachable`,
 *   `interrupted`; system errors such as ENOSPC
 */
export async function provideRuntime({
  root,
  choice,
  staging,
  client,
  signal,
}: RuntimeRequest): Promise<string> {
  const { version } = choice;
  const name = runtimeDirectoryName(version);
  const node = runtimeNode(root, version);
  if (choice.kind === 'root') return node;
  // There every Node looks damaged, and none can be tried.
  refuseNoexec(join(root.bin, 'gateway'));
  const staged = join(staging, name);
  if (choice.kind !== 'pack') removeTree(root, staged);
  if (choice.kind === 'registry') await fetchNode(choice, staged, await client(), signal);
  else if (choice.kind === 'host') await copyNode(choice.path, staged);
  await sealRuntime(root, staged, name);
  try {
    await tryNode(node, version, root.path, signal);
    return node;
  } catch (error) {
    removeTree(root, dirname(dirname(node)));
    throw error;
  }
}

async function copyNode(program: string, staged: string): Promise<void> {
  const node = join(staged, 'bin/node');
  mkdirSync(dirname(node), { recursive: true });
  await copyFile(program, node, constants.COPYFILE_FICLONE);
  await chmod(node, 0o755);
}

async function fetchNode(
  { package: name, version, integrity }: Extract<ReleaseNode, { kind: 'registry' }>,
  staged: string,
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<void> {
  const spec = `${name}@${version}`;
  await runWorker({ kind: 'unpack', spec, integrity, directory: staged, options }, { signal });
  await chmod(join(staged, 'bin/node'), 0o755).catch((cause) => {
    throw unavailable(`${spec} has no bin/node in it.`, version, cause);
  });
}

/** @throws ReleasesError `node_unavailable`, `interrupted` */
async function tryNode(node: string, version: string, cwd: string, signal?: AbortSignal): Promise<void> {
  const result = await exec(node, ['--version'], {
    cwd,
    env: cleanEnvironment(),
    timeoutMs: VERSION_TIMEOUT_MS,
    signal,
  });
  if (result.ok && result.stdout.trim() === `v${version}`) return;
  const said = result.ok ? `it says ${result.stdout.trim()}` : problemOf(result);
  throw unavailable(`Node ${version} does not run as ${node} (${said}).`, version);
}
