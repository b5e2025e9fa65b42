/**
 * Makes `dist/plugin/`, the directory that `openclaw plugins install --link` is given: the plugin as one file that imports
 * nothing but what Node brings, the page as one document, and what OpenClaw reads before it loads either. The compiler's
 * own files go: OpenClaw reads every script in there for what may be dangerous.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { schemasInside } from './schema-code.js';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const dist = at('dist/');
const out = at('dist/plugin/');
const page = at('src/plugin/page/');
const own = JSON.parse(readFileSync(at('package.json'), 'utf8'));

rmSync(out, { recursive: true, force: true });
mkdirSync(out);

/** Records that it reads, and the shown part of a change: comparing all of a ledger would be most of the start. */
const READ = ['change', 'policy', 'progress', 'release', 'request'];

function onlyWhatIsShown(schema, name) {
  if (name !== 'change') return schema;
  const { Plan, Facts, Resolved, InstallReport } = schema.definitions;
  keep(Plan, ['kind', 'target', 'initiator']);
  keep(Facts, [
    'from',
    'to',
    'resolved',
    'install',
    'idle',
    'restartRequestedAt',
    'liveMs',
    'alreadyStaged',
    'snapshot',
    'restore',
    'stateRestored',
  ]);
  keep(Resolved, ['signature']);
  keep(InstallReport, ['skippedScripts']);
  keep(Facts.properties.snapshot, ['name', 'scope', 'at']);
  return schema;
}

function keep(definition, names) {
  const missing = names.filter((name) => !definition.properties[name]);
  if (missing.length > 0) throw new Error(`The schema of a change has no ${missing.join(', ')} any more.`);
  definition.properties = Object.fromEntries(names.map((name) => [name, definition.properties[name]]));
  definition.required = definition.required?.filter((name) => names.includes(name)) ?? [];
}

const lighter = {
  name: 'only what is used',
  setup({ onLoad, onResolve }) {
    // Its index brings ranges along, and nothing here asks for one.
    onResolve({ filter: /^semver$/ }, () => ({ path: 'semver', namespace: 'parse' }));
    onLoad({ filter: /./, namespace: 'parse' }, () => ({
      contents: `export { default as parse } from 'semver/functions/parse.js';`,
      resolveDir: dist,
    }));
  },
};

await build({
  entryPoints: [at('src/plugin/main.ts')],
  outfile: `${out}index.js`,
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  plugins: [schemasInside(READ, onlyWhatIsShown), lighter],
  metafile: true,
  // Libraries that are CommonJS ask for what Node brings by this name.
  banner: {
    js: "import { createRequire as ownRequire } from 'node:module'; const require = ownRequire(import.meta.url);",
  },
}).then(({ metafile }) => {
  const inside = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules/'));
  const heavy = inside.filter((path) => !/node_modules\/semver\//.test(path));
  if (heavy.length > 0) throw new Error(`The plugin would bring along ${heavy.join(', ')}.`);
});

const { outputFiles } = await build({
  entryPoints: [`${page}main.ts`],
  bundle: true,
  minify: true,
  write: false,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
});
const script = outputFiles[0].text.trim().replaceAll('</script', '<\\/script');
const style = readFileSync(`${page}page.css`, 'utf8').trim();
const hash = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
const html = readFileSync(`${page}page.html`, 'utf8')
  .replace('<style></style>', () => `<style>${style}</style>`)
  .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
writeFileSync(`${out}page.json`, JSON.stringify({ html, scripts: hash(script), styles: hash(style) }));

cpSync(at('layout/plugin'), out, { recursive: true });
const { name, version, license, description } = own;
const manifest = {
  name,
  version,
  description,
  license,
  type: 'module',
  openclaw: { extensions: ['./index.js'] },
};
writeFileSync(`${out}package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
