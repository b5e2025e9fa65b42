import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Arborist from '@npmcli/arborist';
import { beforeAll, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(repository, path), 'utf8');
let packed: Set<string>;
let bundled: string[];

/** Asks for the files of an archive as `npm pack` does, which would compress all of them to answer. */
const packlist: (tree: object) => Promise<string[]> = createRequire(import.meta.resolve('pacote'))(
  'npm-packlist',
);

beforeAll(async () => {
  // As `list` leaves them.
  const kept = ['cache', 'cache.new'].map((end) => join(repository, `dist/cli/list.cjs.test.${end}`));
  for (const path of kept) writeFileSync(path, '');
  const paths = await packlist(await new Arborist({ path: repository }).loadActual());
  for (const path of kept) rmSync(path);
  packed = new Set(paths.filter((path) => !path.startsWith('node_modules/')));
  bundled = paths.flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
  );
});

test('the package has the program, its documents and what package.json names', () => {
  const { bin, man, exports } = JSON.parse(read('package.json')) as {
    bin: Record<string, string>;
    man: string[];
    exports: Record<string, string | Record<string, string>>;
  };
  const named = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? target : Object.values(target),
  );
  const wanted = [
    ...Object.values(bin),
    ...man,
    ...named.map((path) => path.replace(/^\.\//, '').replace('*', 'views/answers.schema.json')),
    ...['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/install.md', 'layout/README.md'],
    ...['bash', 'zsh', 'fish'].map((shell) => `layout/completions/openclaw-releases.${shell}`),
    ...['layout/bin/gateway', 'layout/systemd/gateway.conf.in', 'dist/NOTICES.txt', 'dist/restore.cjs'],
  ];
  expect(wanted.filter((path) => !packed.has(path))).toEqual([]);
});

test('the package has its libraries, so that it installs without a registry, and no tool', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
  expect(bundled).toEqual(expect.arrayContaining(Object.keys(dependencies ?? {})));
  expect(Object.keys(devDependencies ?? {}).filter((name) => bundled.includes(name))).toEqual([]);
});

test('the package has no source, no test, no tool of the build and no code that V8 compiled', () => {
  const places = [...packed].map((path) => path.split('/')[0]);
  expect([...new Set(places)].sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist', 'docs', 'layout', 'package.json'].sort(),
  );
  expect([...packed].filter((path) => /\.map$|\.cache|\.test\.|(?<!\.d)\.c?ts$/.test(path))).toEqual([]);
});

/** Paths of the package that the code names, to start or to read them. */
const ownFiles = () =>
  [...packed]
    .filter((path) => /^dist\/.*\.c?js$/.test(path))
    .flatMap((path) =>
      [...read(path).matchAll(/ownFile\(["'`]([\w./-]+)["'`]\)/g)].map(([, named]) => named ?? ''),
    );

test('each path of the program in the code is in the package', () => {
  const paths = new Set(ownFiles());
  expect(paths.size).toBeGreaterThan(5);
  const isThere = (path: string) => packed.has(path) || [...packed].some((one) => one.startsWith(`${path}/`));
  expect([...paths].filter((path) => !isThere(path))).toEqual([]);
});

test('what the command and the library load, and their types, is in the package', () => {
  const reached = new Set([
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/entry.js',
    'dist/cli/code-cache.cjs',
    'dist/cli/list.cjs',
    'dist/cli/status.cjs',
  ]);
  for (const path of ownFiles()) if (/^dist\/.*\.c?js$/.test(path)) reached.add(path);
  // A set visits what is added meanwhile.
  for (const path of reached) {
    if (!packed.has(path)) continue;
    const targets = read(path).matchAll(/\b(?:from|import) ?\(?["'](\.{1,2}\/[\w./-]+\.c?js)["']/g);
    for (const [, target = ''] of targets) {
      const at = join(path, '..', target);
      reached.add(path.endsWith('.d.ts') ? at.replace(/\.js$/, '.d.ts') : at);
    }
  }
  expect(reached.size).toBeGreaterThan(300);
  expect([...reached].filter((path) => !packed.has(path))).toEqual([]);
});
