/**
 * Joins the modules of the command, and of the libraries that it always loads, into few files: what a start costs is
 * above all finding and opening 300 of them. What only some commands load, and what npm brings, stays outside; what only
 * some of the work of a command needs is loaded when that is done.
 */
import { readFileSync, rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { joined, oneFile } from './joined.js';
import { lazy } from './lazy.js';
import { shortSchemasInside } from './schema-code.js';
import { semverFunctions } from './semver.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** To start processes, to read configurations, to lock, to show that something moves: each a file of its own. */
const LIBRARIES = ['execa', 'json5', 'proper-lockfile', 'yocto-spinner', 'yoctocolors'];
/** Modules that take Node more than a millisecond to load. */
const BUILTINS = [
  ...['child_process', 'crypto', 'fs/promises', 'http', 'module', 'net', 'readline', 'stream/promises'],
  ...['timers/promises', 'tty'],
];

/** Commands with a file of their own, and the records that each finds in most roots. */
const LOOKS = {
  list: ['change', 'compatibility', 'kept-state', 'policy', 'release', 'timer-state'],
  status: ['change', 'gateway-cache', 'policy', 'release', 'timer-state'],
};

rmSync(`${dist}cli/joined`, { recursive: true, force: true });
await build({
  ...joined,
  entryPoints: LIBRARIES,
  outdir: `${dist}cli/joined`,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
});
const light = [
  semverFunctions,
  lazy(
    [...LIBRARIES, ...BUILTINS.map((name) => `node:${name}`)],
    (name) => `require(ownFile('dist/cli/joined/${name}.cjs'))`,
    ['commander'],
  ),
];
await build({
  ...joined,
  entryPoints: [`${dist}cli/entry.js`],
  outdir: `${dist}cli`,
  chunkNames: 'joined/[name]-[hash]',
  allowOverwrite: true,
  splitting: true,
  format: 'esm',
  external: ['@npmcli/*', 'npm-registry-fetch', 'pacote'],
  // Libraries that are CommonJS ask for what Node brings by this name.
  banner: {
    js: "import { createRequire as ownRequire } from 'node:module'; const require = ownRequire(import.meta.url);",
  },
  plugins: light,
});
// As CommonJS: whoever imports `node:fs` gets it with everything that it only has on demand, and that takes a while.
// As the function that CommonJS makes of a file, because `cli/code-cache` runs it.
for (const [name, read] of Object.entries(LOOKS)) {
  await build({
    ...oneFile,
    entryPoints: [`${dist}cli/looks/${name}.js`],
    outfile: `${dist}cli/${name}.cjs`,
    banner: {
      js: `(function (exports, require, module, __filename, __dirname, importLate) {${oneFile.banner.js}`,
    },
    footer: { js: '})' },
    external: ['@npmcli/*', 'npm-registry-fetch', 'pacote'],
    plugins: [
      shortSchemasInside(read),
      ...light,
      {
        name: 'what is imported late stays outside',
        setup({ onLoad }) {
          onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
            const late = (_, name) => `importLate('${relative(`${dist}cli`, resolve(dirname(path), name))}')`;
            return { contents: readFileSync(path, 'utf8').replace(/\bimport\('(\.[^']+)'\)/g, late) };
          });
        },
      },
    ],
  });
  const [late] = /\bimport\([^)]*\)/.exec(readFileSync(`${dist}cli/${name}.cjs`, 'utf8')) ?? [];
  if (late) throw new Error(`${name}.cjs has ${late}, which fails in code that V8 kept: see cli/code-cache.`);
}
