import { existsSync, realpathSync } from 'node:fs';
import { readArguments } from './arguments.js';
import { newerSchema } from './databases.js';
import { loadSqlite, userVersion } from './sqlite.js';

const KINDS = { preflight: 'state', 'preflight-agent': 'agent' };

/** Tells whether this version may open a copied database, and would migrate it, in the form of the real one. */
async function compare(file, known, refusal) {
  const { DatabaseSync } = await loadSqlite();
  const sidecar = ['-wal', '-shm', '-journal'].find((suffix) => existsSync(file + suffix));
  const indeterminate = (reason) => ({
    foundVersion: null,
    status: 'indeterminate',
    requiresWrite: false,
    reason,
  });
  if (sidecar) {
    return indeterminate(
      `SQLite preflight requires a consolidated snapshot with no sidecars; found ${sidecar}. Create a WAL-aware online backup and preflight the resulting standalone file.`,
    );
  }
  try {
    realpathSync(file);
    const database = new DatabaseSync(file, { readOnly: true });
    const foundVersion = userVersion(database);
    database.close();
    const verdict = (status, more) => ({ foundVersion, status, requiresWrite: false, ...more });
    if (foundVersion === known) return verdict('exact');
    if (foundVersion < known) return verdict('migration-required', { requiresWrite: true });
    return verdict('incompatible', refusal(foundVersion));
  } catch (error) {
    return indeterminate(error.message);
  }
}

/** `openclaw database preflight FILE --json` and `preflight-agent FILE --agent-id ID --json`; the exit code. */
export async function preflight({ version, behaviour, args, packageRoot }) {
  const [command, ...rest] = args;
  const kind = KINDS[command];
  if (kind === undefined || (kind === 'agent' && behaviour.preflightAgent === false)) {
    console.error(`OpenClaw database has no command "${command}".`);
    return 1;
  }
  const { options, words } = readArguments(command, rest);
  const [databasePath = ''] = words;
  if (kind === 'agent' && options['agent-id'] === undefined) {
    console.error('Missing required option "--agent-id <id>".');
    return 1;
  }
  const known = behaviour.migratesTo[kind];
  const refusal = (found) =>
    kind === 'agent'
      ? { reason: newerSchema({ path: databasePath, what: kind, found, known, version, packageRoot }) }
      : {};
  const found = await compare(databasePath, known, refusal);
  const about =
    kind === 'agent'
      ? { schema: 'openclaw.agent-schema-preflight.v1', databasePath, agentId: options['agent-id'] }
      : { schema: 'openclaw.state-schema-preflight.v1', databasePath, ownership: null };
  console.log(JSON.stringify({ ...about, targetVersion: known, issues: [], ...found }, null, 2));
  return found.status === 'exact' || found.status === 'migration-required' ? 0 : 1;
}
