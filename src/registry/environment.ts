/**
 * What a program from a release gets of our environment. A list of what passes and not of what does not: we may
 * have been started by the running gateway, whose environment names its state, its unit and its providers' keys.
 */
const PASSED = new Set([
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'TERM',
    'TMPDIR',
    'TZ',
    'LANG',
    'LANGUAGE',
    'LD_LIBRARY_PATH',
  ],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
]);

/** An environment for a process that must know nothing of the gateway; `extra` wins. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    // Proxies are written both ways.
    if (value !== undefined && (PASSED.has(name.toUpperCase()) || name.startsWith('LC_')))
      passed[name] = value;
  }
  return { ...passed, ...extra };
}
