/** Options of `esbuild` for all files that the build joins modules into. */
export const joined = { bundle: true, platform: 'node', target: 'node20', legalComments: 'eof' };

/** Options for one file of CommonJS: every module in it that asks for its own place gets that of the file. */
export const oneFile = {
  ...joined,
  minifyWhitespace: true,
  minifySyntax: true,
  format: 'cjs',
  // Made when it is first read: most runs of most files never do.
  banner: { js: "const own = { get url() { return require('node:url').pathToFileURL(__filename).href; } };" },
  define: { 'import.meta.url': 'own.url' },
};
