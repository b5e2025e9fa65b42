import { join } from 'node:path';
import { writeTree } from './place.js';

/** Place of the plugin, below the state directory, as OpenClaw installs one from npm. */
export const PLUGIN = 'npm/projects/acme-chat-1a2b3c/node_modules/@acme/chat';

/** Installs the plugin `chat` as OpenClaw of May 2026 leaves it: package, link to OpenClaw's own, and record. */
export function installPlugin(state: string, version: string, release: string): void {
  const installPath = join(state, PLUGIN);
  const record = { source: 'npm', spec: '@acme/chat', installPath, version };
  writeTree(state, {
    [`${PLUGIN}/package.json`]: JSON.stringify({ name: '@acme/chat', version }),
    [`${PLUGIN}/openclaw.plugin.json`]: JSON.stringify({ id: 'chat' }),
    [`${PLUGIN}/node_modules/openclaw`]: `-> ${join(release, 'node_modules/openclaw')}`,
    'plugins/installs.json': JSON.stringify({ generatedAtMs: 1, installRecords: { chat: record } }),
  });
}
