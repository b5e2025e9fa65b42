import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/**
 * A plugin of esbuild: what a module imports of these is loaded when it is first called, and not when the module is. Only
 * functions are there to be had, and none can be called with `new`; the build fails for whoever imports anything else.
 * @param names of packages, and of what Node brings: `node:http`
 * @param load given the name of a package, the expression that is its exports; it may call `ownFile` and `require`
 * @param requiring packages that are CommonJS and call nothing but functions of what they require
 */
export function lazy(names, load, requiring = []) {
  return {
    name: 'loaded when first called',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path, kind, importer }) => {
        // Nothing fails the build of whoever requires what is not a function.
        const asked = kind === 'import-statement' || requiring.some((name) => importer.includes(`/${name}/`));
        return asked ? { path, namespace: 'lazy', sideEffects: false } : undefined;
      });
      onLoad({ filter: /./, namespace: 'lazy' }, async ({ path }) => ({
        contents: await wrappers(path, load),
        resolveDir: dist,
      }));
    },
  };
}

async function wrappers(name, load) {
  const library = await import(name);
  const loading = isBuiltin(name) ? `process.getBuiltinModule('${name}')` : load(name);
  const wrapper = (key) => `(...given) => library().${key}(...given)`;
  return `
import { ownFile } from './core/own-files.js';
let loaded;
const library = () => (loaded ??= ${loading});
${functions(library)
  .map((key) => `export const ${key} = ${wrapper(key)};`)
  .join('\n')}
const whole = /* @__PURE__ */ ${defaultOf(library, wrapper)};
export default whole;
`;
}

function defaultOf({ default: whole = {} }, wrapper) {
  const members = functions(whole).map((key) => `${key}: ${wrapper(key)}`);
  const called =
    typeof whole === 'function' ? '(...given) => (library().default ?? library())(...given)' : '{}';
  return `Object.assign(${called}, { ${members.join(', ')} })`;
}

/** From Node 23 on, the whole of a CommonJS module is an export of this name, too. */
const WHOLE = 'module.exports';

/** Names of functions, without those that `promisify` would treat otherwise than their wrapper. */
function functions(of) {
  return Object.keys(of).filter(
    (key) =>
      key !== 'default' && key !== WHOLE && typeof of[key] === 'function' && !(promisify.custom in of[key]),
  );
}
