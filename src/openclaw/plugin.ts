/** A plugin that was installed beside OpenClaw; what a release brings along itself does not count. */
export interface Plugin {
  id: string;
  /** What its package says; null where that cannot be read. */
  version: string | null;
  /** Where it came from, in OpenClaw's words: `npm @openclaw/matrix@2026.6.1`, `path /srv/plugin`. */
  source: string;
  enabled: boolean;
  /** Why it cannot work, as far as its files tell, as one sentence; null where they do not. */
  problem: string | null;
}

/** Where a gateway's plugins are. */
export interface PluginPlace {
  /** The state directory; absolute. */
  state: string;
  /** The configuration file; absolute. */
  config: string;
  /**
   * A Node that has SQLite, in which newer releases keep the list of what is installed; null where there is none,
   * and then what is installed is told from the files alone.
   */
  node: string | null;
  /** Whose the state is, where that is not this process's own user: nobody else may leave files in it. */
  user?: { uid: number; gid: number } | undefined;
}

/** Directories below the state directory in which OpenClaw keeps plugins and what it knows of them. */
export const PLUGIN_DIRECTORIES = ['npm', 'npm-runtime', 'extensions', 'git', 'plugins'] as const;
