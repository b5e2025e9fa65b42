import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url));

/** What a gateway loads of ours at its start must not cost it anything to speak of. */
test.each(['rpc/methods.ts', 'rpc/requests/requests.ts', 'rpc/requests/result-text.ts'])(
  '%s brings no library with it, and little of ours',
  async (entry) => {
    const { metafile } = await build({
      entryPoints: [at(entry)],
      ...{ bundle: true, write: false, metafile: true, platform: 'node', format: 'esm' },
    });
    const inputs = Object.keys(metafile.inputs);
    // Versions are put in order by it; it is pure, and small.
    expect(inputs.filter((path) => path.includes('node_modules') && !path.includes('/semver/'))).toEqual([]);
    const bytes = Object.values(metafile.inputs).reduce((sum, input) => sum + input.bytes, 0);
    expect(bytes).toBeLessThan(150_000);
  },
);
