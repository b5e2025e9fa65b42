import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url));

/** The gateway loads our modules at its start, which must stay cheap. */
test.each(['rpc/methods.ts', 'rpc/requests/requests.ts', 'rpc/requests/result-text.ts'])(
  '%s loads no library, and few of our modules',
  async (entry) => {
    const { metafile } = await build({
      entryPoints: [at(entry)],
      ...{ bundle: true, write: false, metafile: true, platform: 'node', format: 'esm' },
    });
    const inputs = Object.keys(metafile.inputs);
    // A pure and small module, needed to order versions.
    expect(inputs.filter((path) => path.includes('node_modules') && !path.includes('/semver/'))).toEqual([]);
    const bytes = Object.values(metafile.inputs).reduce((sum, input) => sum + input.bytes, 0);
    expect(bytes).toBeLessThan(150_000);
  },
);
