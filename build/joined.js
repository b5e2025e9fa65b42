/** What all files have that the build joins modules into, for `esbuild`. */
export const joined = { bundle: true, platform: 'node', target: 'node20', legalComments: 'eof' };

/** The same for one file of CommonJS: whatever asks in there where it is, is in that file. */
export const oneFile = {
  ...joined,
  minifyWhitespace: true,
  minifySyntax: true,
  format: 'cjs',
  // Made when it is first read: most runs of most files never do.
  banner: { js: "const own = { get url() { return require('node:url').pathToFileURL(__filename).href; } };" },
  define: { 'import.meta.url': 'own.url' },
};
