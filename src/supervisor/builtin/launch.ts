/** Keeps only variables that name the port, the configuration and the state; all others are private. */
export function launchEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (name === 'HOME' || name.startsWith('OPENCLAW_'))) found[name] = value;
  }
  return found;
}
