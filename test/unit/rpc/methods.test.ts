import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { METHODS } from '../../../src/rpc/methods.js';

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

test('the document of the plugin lists every method with the scope that it needs', () => {
  const text = readFileSync(at('../docs/in-openclaw.md'), 'utf8');
  for (const scope of ['operator.read', 'operator.admin']) {
    const [row = ''] = text.match(new RegExp(`^\\| \`${scope}\` \\|.*$`, 'm')) ?? [];
    const listed = [...row.matchAll(/`(releases\.\w+)`/g)].map(([, name]) => name);
    const needing = Object.entries(METHODS).filter(([, method]) => method.scope === scope);
    const own = needing.map(([name]) => name).filter((name) => name.startsWith('releases.'));
    expect(listed.toSorted()).toEqual(own.toSorted());
  }
});
