import { readAdoption } from '../adopt/apply.js';
import { ReleasesError } from '../core/errors.js';
import { profileOf } from '../core/profile.js';
import { type Place, placeOf } from '../host/place.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';
import { listChanges } from '../ledger/ledger.js';
import { configuredEndpoint } from '../openclaw/endpoint.js';
import { type Instance, instanceOf } from '../openclaw/instance.js';
import { reach } from '../openclaw/reach.js';
import { defaultRootPath, type Root, rootAt } from '../store/root.js';
import type { Inspection } from '../supervisor/supervisor.js';

type Known = Place & Pick<Instance, 'port'>;

/** Variables with which a caller names a gateway. */
const NAMING = [
  'OPENCLAW_PROFILE',
  'OPENCLAW_STATE_DIR',
  'OPENCLAW_CONFIG_PATH',
  'OPENCLAW_GATEWAY_PORT',
] as const;

/**
 * Refuses a caller whose environment names another gateway than the root's.
 * @throws ReleasesError `another_instance`, and errors of `inspect`
 */
export async function requireSameInstance(
  root: Root,
  inspect: () => Promise<Inspection | null>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const given = NAMING.filter((name) => env[name]?.trim());
  const gateway = given.length === 0 ? null : await inspect();
  if (gateway === null) return;
  const known = await instanceOfRoot(root, gateway);
  const wrong = given.filter((name) => !names(name, env, known));
  const [first] = wrong;
  if (first === undefined) return;
  throw new ReleasesError(
    'another_instance',
    `${first} is ${env[first]}, and ${root.path} is for the gateway of ${described(known)}.`,
    {
      hint: `env -u ${wrong.join(' -u ')} the same command for that gateway; for another one: openclaw-releases adopt --root <directory of its own>`,
    },
  );
}

/**
 * Refuses to adopt a gateway into the root of another one: a root that has adopted another unit, or the default root of
 * another profile.
 * @throws ReleasesError `another_instance`, `root_invalid`
 */
export async function requireOwnRoot(
  root: Root,
  { unit, scope }: UnitAddress,
  gateway: Inspection,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const adopted = readAdoption(root.path);
  const { profile } = await instanceOfRoot(root, gateway);
  const isAnother = adopted !== null && (adopted.unit !== unit || adopted.scope !== scope);
  const defaultRoot = rootAt(defaultRootPath({ ...env, OPENCLAW_RELEASES_ROOT: '' })).path;
  if (!isAnother && (root.path !== defaultRoot || profile === profileOf(env))) return;
  const owner = isAnother ? adopted.unit : `the gateway of ${shown(profileOf(env))}`;
  const own = profile === '' ? `--root ${root.path}-${unit.replace(/\.service$/, '')}` : '';
  throw new ReleasesError(
    'another_instance',
    `${unit} is a gateway of ${shown(profile)}, and ${root.path} is for ${owner}.`,
    { hint: `OPENCLAW_PROFILE=${profile || 'default'} openclaw-releases adopt --unit ${unit} ${own}`.trim() },
  );
}

/** Instance of a root: of the process that runs, else of the last change that saw one, else of its unit. */
async function instanceOfRoot(root: Root, gateway: Inspection): Promise<Known> {
  const running = gateway.pid === null ? null : instanceOf(gateway, (await reach(gateway)).endpoint);
  const recorded = () => listChanges(root).findLast(({ facts }) => facts.instance)?.facts.instance;
  const { launch } = gateway;
  return running ?? recorded() ?? { ...placeOf(launch), port: configuredEndpoint(launch).port };
}

/** Returns true when a variable names the known gateway. A profile does so by its name or by its state directory. */
function names(name: (typeof NAMING)[number], env: NodeJS.ProcessEnv, known: Known): boolean {
  // A person who names a profile means its directory, unless another one is named.
  const asked = placeOf({ env: defined(env), args: ['--profile', profileOf(env) || 'default'] });
  switch (name) {
    case 'OPENCLAW_PROFILE':
      return profileOf(env) === known.profile || asked.directory === known.directory;
    case 'OPENCLAW_STATE_DIR':
      return asked.directory === known.directory;
    case 'OPENCLAW_CONFIG_PATH':
      return asked.config === known.config;
    case 'OPENCLAW_GATEWAY_PORT':
      return known.port === null || Number(env[name]) === known.port;
  }
}

function defined(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function described({ profile, directory, port }: Known): string {
  return `${shown(profile)} with its state in ${directory}${port === null ? '' : `, on port ${port}`}`;
}

function shown(profile: string): string {
  return profile === '' ? 'the default profile' : `profile ${profile}`;
}
