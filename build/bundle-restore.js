/**
 * Makes `dist/restore.cjs`, which every root gets as `bin/restore`, out of `src/rollback/restore-program.ts`: one file that
 * needs nothing but a Node, since it has to work where this program is not installed any more.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { schemasInside } from './schema-code.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

await build({
  entryPoints: [`${dist}rollback/restore-program.js`],
  outfile: `${dist}restore.cjs`,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'iife',
  // A file without an extension is CommonJS or not, depending on directories above it that are not ours. This is both.
  banner: { js: '((require) => {' },
  footer: { js: '})(process.getBuiltinModule);' },
  plugins: [schemasInside()],
});
