declare module '@npmcli/config/lib/definitions/index.js' {
  import type Config from '@npmcli/config';

  const loaded: {
    definitions: Config.DefinitionsObject;
    shorthands: Config.ShortFlags;
    flatten: (source: Record<string, unknown>, target: Record<string, unknown>) => void;
  };
  export default loaded;
}

declare module 'cacache/lib/content/path.js' {
  export default function contentPath(cache: string, integrity: string): string;
}

declare module 'npm-install-checks' {
  /** @throws Error EBADENGINE when the package does not support these versions; null matches any */
  export function checkEngine(manifest: object, npm: string | null, node: string | null): void;
}

declare module '@npmcli/run-script' {
  interface RunScriptOptions {
    event: string;
    path: string;
    env: Record<string, string>;
    stdio: 'pipe';
    stdioString: true;
  }
  /** A script that fails rejects with an error that has these fields too. */
  interface ScriptResult {
    code: number | null;
    signal: string | null;
    stdout?: string;
    stderr?: string;
  }
  export default function runScript(options: RunScriptOptions): Promise<ScriptResult>;
}
