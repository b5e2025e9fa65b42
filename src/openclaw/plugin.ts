export interface Plugin {
  id: string;
  version: string | null;
  /** Origin in OpenClaw's words: `npm @openclaw/matrix@2026.6.1`, `path /srv/plugin`. */
  source: string;
  enabled: boolean;
  /** Reason why it cannot work, as one sentence; null when its files show none. */
  problem: string | null;
}

export interface PluginPlace {
  state: string;
  config: string;
  /** Node with SQLite, where newer releases keep the list of plugins. Null: the list comes from files alone. */
  node: string | null;
}

export const PLUGIN_DIRECTORIES = ['npm', 'npm-runtime', 'extensions', 'git', 'plugins'] as const;
