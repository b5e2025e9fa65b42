import { join } from 'node:path';
import { writeTree } from './place.js';

/** Place of the plugin, below the state directory, as OpenClaw installs one from npm. */
export const PLUGIN = 'npm/projects/acme-chat-1a2b3c/node_modules/@acme/chat';

/** Installs a plugin, `chat` unless given, as OpenClaw of May 2026 leaves it: package, link to OpenClaw's own, and record. */
export function installPlugin(
  state: string,
  version: string,
  release: string,
  { id, name, path, compat }: { id: string; name: string; path: string; compat?: object } = {
    ...{ id: 'chat', name: '@acme/chat', path: PLUGIN },
  },
): void {
  const installPath = join(state, path);
  const record = { source: 'npm', spec: name, installPath, version };
  writeTree(state, {
    [`${path}/package.json`]: JSON.stringify({ name, version, ...(compat && { openclaw: { compat } }) }),
    [`${path}/openclaw.plugin.json`]: JSON.stringify({ id }),
    [`${path}/node_modules/openclaw`]: `-> ${join(release, 'node_modules/openclaw')}`,
    'plugins/installs.json': JSON.stringify({ generatedAtMs: 1, installRecords: { [id]: record } }),
  });
}
