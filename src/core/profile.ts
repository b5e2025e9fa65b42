/** Names that OpenClaw accepts. */
const PROFILE = /^[A-Za-z0-9_-]+$/;

/**
 * Profile of a command line and its environment, in OpenClaw's order: `--profile`, `--dev`, `OPENCLAW_PROFILE`. Empty
 * for the default one.
 */
export function profileOf(env: NodeJS.ProcessEnv, args: readonly string[] = []): string {
  const at = args.findIndex((arg) => arg === '--profile' || arg.startsWith('--profile='));
  const given = args[at] === '--profile' ? args[at + 1] : args[at]?.slice('--profile='.length);
  const profile = given?.trim() || (args.includes('--dev') ? 'dev' : env.OPENCLAW_PROFILE?.trim()) || '';
  return PROFILE.test(profile) && profile.toLowerCase() !== 'default' ? profile : '';
}

/** Value of an option; the last one counts, as in OpenClaw's own parser. */
export function argument(args: string[], name: string): string | undefined {
  const at = args.findLastIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  return args[at] === `--${name}` ? args[at + 1] : args[at]?.slice(name.length + 3);
}

/** Ending of the names that belong to a profile: state directory, unit, root. */
export function profileSuffix(profile: string): string {
  return profile === '' ? '' : `-${profile}`;
}
