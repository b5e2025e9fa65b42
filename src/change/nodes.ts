import { readlinkSync } from 'node:fs';
import { askNode, ownNode } from '../host/node-program.js';
import { inspectIfThere } from '../ledger/running-release.js';
import type { LocalNode } from '../registry/node-choice.js';
import { currentRelease } from '../store/links.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { usableRuntimes } from '../store/runtimes.js';
import type { Supervisor } from '../supervisor/supervisor.js';

/**
 * Lists the Nodes that are here: the current release's, the gateway's, others of the root, and only then the one of this
 * process, which depends on the person who typed the command.
 */
export async function localNodes(root: Root, supervisor: Supervisor): Promise<LocalNode[]> {
  const current = currentRelease(root);
  const first = current === null ? null : (findManifest(root, current)?.runtime.version ?? null);
  const here = usableRuntimes(root)
    .reverse()
    .map((version) => ({ version, path: null, shared: [] }));
  const gateway = await gatewayNode(root, supervisor);
  return [
    ...here.filter(({ version }) => version === first),
    ...(gateway ? [gateway] : []),
    ...here.filter(({ version }) => version !== first),
    ownNode(),
  ];
}

/** By the kernel's name of the running program, which also opens a Node that was removed since. */
async function gatewayNode(root: Root, supervisor: Supervisor): Promise<LocalNode | null> {
  const pid = (await inspectIfThere(supervisor))?.pid ?? null;
  if (pid === null) return null;
  const path = `/proc/${pid}/exe`;
  try {
    if (readlinkSync(path).startsWith(`${root.runtimes}/`)) return null;
  } catch {
    return null;
  }
  const asked = await askNode(path);
  return asked && { ...asked, path };
}
