import { join } from 'node:path';
import { ifPossible } from '../core/if-possible.js';
import { SECRET_NAME, withoutSecrets } from '../core/secret-words.js';
import type { Read, Sighting } from './supervisor-kind.js';

/** File that pm2 starts a gateway from. */
export const pm2File = ({ env }: Sighting) => join(env.HOME ?? '/', 'openclaw-releases.config.js');

/** Lines of that file: pm2 takes more than one exit code from a file alone. Its environment has all of a service but the arguments. */
export function pm2Lines(name: string, run: string, { env }: Sighting, read: Read): string[] {
  const own = ownArguments(read(join(env.PM2_HOME ?? join(env.HOME ?? '/', '.pm2'), 'dump.pm2')), name);
  const [script, ...args] = `${run} --replace`.split(' ');
  if (own && own.length > 0) args.push('--', ...own);
  const ofOpenClaw = Object.entries(env).filter(([variable]) => variable.startsWith('OPENCLAW_'));
  const secret = ofOpenClaw.map(([variable]) => variable).filter((variable) => SECRET_NAME.test(variable));
  const shown = ofOpenClaw.filter(([variable]) => !secret.includes(variable));
  const settings = { interpreter: 'none', treekill: false, kill_timeout: 345_000, stop_exit_codes: [69, 78] };
  const service = {
    ...{ name, script, args },
    ...(env.pm_cwd && { cwd: env.pm_cwd }),
    ...(shown.length > 0 && { env: Object.fromEntries(shown) }),
    ...settings,
  };
  return [
    ...(own
      ? []
      : [
          '// The arguments of the gateway, if it has any, follow "--replace", "--": pm2 describe shows them.',
        ]),
    ...(secret.length > 0 ? [`// Set these in your shell before pm2 start: ${secret.join(', ')}`] : []),
    `module.exports = { apps: [${JSON.stringify(service)}] };`,
  ];
}

/** Arguments of a gateway in what `pm2 save` wrote; null where it has not, or one of them is secret. */
function ownArguments(dump: string | null, name: string): string[] | null {
  const services = (ifPossible(() => JSON.parse(dump ?? '')) ?? []) as { name?: unknown; args?: unknown }[];
  const args = Array.isArray(services) ? services.find((one) => one?.name === name)?.args : undefined;
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) return null;
  const own = args.slice(args.indexOf('gateway') + 1);
  return withoutSecrets(own) === own.join(' ') ? own : null;
}
