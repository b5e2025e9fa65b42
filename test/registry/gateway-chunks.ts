import { createHash } from 'node:crypto';

/**
 * The modules that the gateway loads only when it needs them, by the number under which `/work/<n>` loads them.
 * Most carry a hash in their file name, as in the real package, which changes with every version, and the last four,
 * `*.runtime`, keep theirs.
 */
export const CHUNK_NAMES = [
  ...[
    'task-registry',
    'reply',
    'session-store',
    'memory-index',
    'cron',
    'heartbeat',
    'delivery-queue',
    'media',
  ],
  ...[
    'approval',
    'pairing',
    'secrets',
    'sandbox',
    'browser',
    'canvas',
    'speech',
    'transcripts',
    'usage',
    'models',
  ],
  ...[
    'auth-profiles',
    'tool-policy',
    'hooks',
    'webhooks',
    'skills',
    'agents',
    'compaction',
    'embeddings',
    'backup',
  ],
  ...['diagnostics', 'discord', 'telegram', 'slack', 'signal', 'matrix', 'link-preview', 'audit', 'doctor'],
  ...[
    'provider-discovery.runtime',
    'reply-config.runtime',
    'channel-setup.runtime',
    'task-maintenance.runtime',
  ],
] as const;

/** Outcome of `/work/<n>` when the tree of the running version is replaced under it; one number for each case. */
export const WORK = {
  /** A hashed chunk: its file is gone. */
  hashed: 0,
  /** A chunk of the same name in every version: the other version's code is loaded. */
  stable: CHUNK_NAMES.indexOf('provider-discovery.runtime'),
  /** Imports a name from the stable chunk that is different in each version: a missing export, once that is loaded. */
  importsStable: CHUNK_NAMES.indexOf('reply-config.runtime'),
} as const;

function hash(version: string, name: string): string {
  return createHash('sha256').update(`${name}@${version}`).digest('base64url').slice(0, 8);
}

/** The file name, below `dist/`, of a chunk; also of `shared` and `shutdown`, which have no number. */
export function chunkFile(version: string, name: string): string {
  return name.endsWith('.runtime') ? `${name}.js` : `${name}-${hash(version, name)}.js`;
}

/** The name under which a module exports its version: short and different in each version, as minifiers make it. */
function binding(version: string, name: string): string {
  return `v${createHash('sha256').update(`${name}@${version}`).digest('hex').slice(0, 6)}`;
}

function chunk(version: string, name: string): string {
  const stable = CHUNK_NAMES[WORK.stable] ?? '';
  const lines = [
    `import { ${binding(version, 'shared')} as shared } from './${chunkFile(version, 'shared')}';`,
    `const version = '${version}';`,
    `export { shared, version };`,
  ];
  if (name === stable) {
    lines.push(`export { version as ${binding(version, stable)} };`);
  } else if (name.endsWith('.runtime')) {
    lines.unshift(`import { ${binding(version, stable)} } from './${chunkFile(version, stable)}';`);
    lines.push(`export const discovery = ${binding(version, stable)};`);
  }
  return `${lines.join('\n')}\n`;
}

/** All lazy modules of one version, by their path in the package. */
export function chunkFiles(version: string): Record<string, string> {
  const shared = `const version = '${version}';\nexport { version as ${binding(version, 'shared')} };\n`;
  return Object.fromEntries([
    [`dist/${chunkFile(version, 'shared')}`, shared],
    ...[...CHUNK_NAMES, 'shutdown'].map((name) => [`dist/${chunkFile(version, name)}`, chunk(version, name)]),
  ]);
}
