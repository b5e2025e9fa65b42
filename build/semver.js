import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * A plugin of esbuild: of `semver` only the functions that are imported, and each is loaded when it is first called. Its index
 * brings the ranges along, which are most of it.
 */
export const semverFunctions = {
  name: 'functions of semver',
  setup({ onLoad, onResolve }) {
    // Libraries that are CommonJS require all of it.
    onResolve({ filter: /^semver$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'functions', sideEffects: false } : undefined,
    );
    onResolve({ filter: /^semver\/functions\// }, async ({ path }) => ({
      path: fileURLToPath(import.meta.resolve(path)),
      sideEffects: false,
    }));
    onLoad({ filter: /./, namespace: 'functions' }, async () => {
      const names = readdirSync(new URL('functions/', import.meta.resolve('semver/package.json')));
      const exported = names.map(
        (name) =>
          `export const ${exportedName(name)} = (...given) => require('semver/functions/${name}')(...given);`,
      );
      return { contents: exported.join('\n'), resolveDir: import.meta.dirname };
    });
  },
};

/** `compare-build.js` is exported as `compareBuild`. */
function exportedName(file) {
  return file.replace(/\.js$/, '').replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}
