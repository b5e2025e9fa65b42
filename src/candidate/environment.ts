import type { Launch } from '../openclaw/endpoint.js';

/**
 * Would have the candidate talk to a supervisor, to the session or to releases that are the running gateway's, or load
 * what may want to write where a candidate cannot.
 */
const HOST_BOUND_VARIABLES =
  /^(INVOCATION_ID|NOTIFY_SOCKET|JOURNAL_STREAM|MAINPID|SYSTEMD_EXEC_PID|MANAGERPID|WATCHDOG_\w+|LISTEN_\w+|MEMORY_PRESSURE_\w+|CREDENTIALS_DIRECTORY|DBUS_\w+|XDG_RUNTIME_DIR|OPENCLAW_SYSTEMD_\w+|OPENCLAW_LAUNCHD_\w+|OPENCLAW_SERVICE_\w+|OPENCLAW_RELEASES_\w+|OPENCLAW_GATEWAY_RESTART_\w+|NODE_OPTIONS|NODE_COMPILE_CACHE|OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED|PWD|OLDPWD)$/;

/**
 * Keeps a candidate quiet: it sends nothing, starts nothing beside itself, and does not announce itself. Versions
 * drop some of these with time, so nothing relies on them; that there is no network is what does.
 */
const QUIET = {
  OPENCLAW_NO_AUTO_UPDATE: '1',
  OPENCLAW_NO_RESPAWN: '1',
  OPENCLAW_DISABLE_BONJOUR: '1',
  OPENCLAW_SKIP_CHANNELS: '1',
  OPENCLAW_SKIP_PROVIDERS: '1',
  OPENCLAW_SKIP_CRON: '1',
  OPENCLAW_SKIP_GMAIL_WATCHER: '1',
  OPENCLAW_SKIP_CANVAS_HOST: '1',
  OPENCLAW_SKIP_BROWSER_CONTROL_SERVER: '1',
  // Newer versions ask npm about plugins when they start, which else tries again for minutes.
  npm_config_offline: 'true',
  npm_config_fetch_retries: '0',
  NO_COLOR: '1',
  TMPDIR: '/tmp',
  // Databases are copied there when they are looked at, and a home is read-only.
  XDG_CACHE_HOME: '/tmp/cache',
};

/**
 * With what a candidate is started: as the gateway is, in the same state directory by name, and without what ties the
 * gateway to this host's supervisor. Holds the gateway's secrets: never print it, never store it.
 * @param cache where Node keeps what it compiles, as `bin/gateway` will name it
 */
export function candidateLaunch(launch: Launch, cache?: string): Launch {
  const PATH = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  const kept = Object.entries(launch.env).filter(([name]) => !HOST_BOUND_VARIABLES.test(name));
  // A supervisor tells what stands after the launcher, or after Node and the program.
  const args = launch.args.slice(launch.args.lastIndexOf('gateway') + 1);
  // The addresses of this host's network are not there to listen on.
  return {
    args: ['gateway', ...args, '--bind', 'loopback'],
    env: { PATH, ...Object.fromEntries(kept), ...QUIET, ...(cache && cachingIn(cache)) },
  };
}

/** Without the second, OpenClaw starts itself once more below itself, to name a directory of its own. */
function cachingIn(directory: string): Record<string, string> {
  return { NODE_COMPILE_CACHE: directory, OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: '1' };
}

/** Names of values that are to be taken out of what a gateway says. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSPHRASE|KEY|CREDENTIAL|COOKIE|AUTH/i;

/** Shorter ones would take ordinary words out as well, and protect nothing. */
const SHORTEST_SECRET = 6;

/** A text without the secrets of a launch, and without what looks like one. */
export function withoutSecrets(text: string, { env }: Launch, token: string | null): string {
  const secrets = Object.entries(env).flatMap(([name, value]) => (SECRET_NAME.test(name) ? [value] : []));
  if (token !== null) secrets.push(token);
  return secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, '…'), text)
    .replace(/\b(Bearer\s+|token[=:]\s*|(?:sk|xox[a-z]|gh[a-z])[-_])[\w.~+/-]{6,}=*/gi, '$1…');
}
