/**
 * Variables that a program from a release receives. Only named ones pass: the running gateway may have started us,
 * and its environment names its state, its unit and the keys of its providers.
 */
const PASSED = new Set(
  `PATH HOME USER LOGNAME SHELL TERM TMPDIR TZ LANG LANGUAGE LD_LIBRARY_PATH
  HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY
  NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA SSL_CERT_FILE SSL_CERT_DIR`.split(/\s+/),
);

export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    // Proxy variables exist in upper and in lower case.
    if (value !== undefined && (PASSED.has(name.toUpperCase()) || name.startsWith('LC_')))
      passed[name] = value;
  }
  return { ...passed, ...extra };
}
