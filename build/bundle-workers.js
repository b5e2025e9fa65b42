/**
 * Joins what asks a registry and what installs with npm's libraries, into one file each: finding and opening 400 modules is
 * most of what such a process takes to start.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { oneFile } from './joined.js';
import { lazy } from './lazy.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** It is to verify what nobody here has verified, and a third of what there is to load. */
const attestations = lazy(['sigstore'], (name) => `require('${name}')`, ['pacote']);

/** Programs for install scripts stay where their packages are: a directory of them, and node-gyp. */
const RUN_SCRIPT = "require.resolve('@npmcli/run-script')";
const FOUND_AT = {
  'set-path.js': ['__dirname', `require('node:path').dirname(${RUN_SCRIPT})`],
  'make-spawn-args.js': [
    "require.resolve('node-gyp/bin/node-gyp.js')",
    `require('node:module').createRequire(${RUN_SCRIPT}).resolve('node-gyp/bin/node-gyp.js')`,
  ],
};
const programs = {
  name: 'the programs of install scripts',
  setup({ onLoad }) {
    onLoad({ filter: /\/@npmcli\/run-script\/lib\/(set-path|make-spawn-args)\.js$/ }, async ({ path }) => {
      const [theirs, ours] = FOUND_AT[basename(path)];
      const text = await readFile(path, 'utf8');
      if (!text.includes(theirs)) throw new Error(`${path} finds its programs in another way now.`);
      return { contents: text.replace(theirs, ours) };
    });
  },
};

await build({
  ...oneFile,
  entryPoints: [
    'registry/lookup-worker',
    'install/process/install-worker',
    'install/process/unpack-thread',
    'pack/unpack-thread',
  ].map((name) => `${dist}${name}.js`),
  outdir: dist,
  outbase: dist,
  outExtension: { '.js': '.cjs' },
  external: ['sigstore'],
  logOverride: { 'require-resolve-not-external': 'silent' },
  plugins: [attestations, programs],
});
