/** What of an environment finds the port, the configuration and the state; nothing else of it is anyone's business. */
export function launchEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (name === 'HOME' || name.startsWith('OPENCLAW_'))) found[name] = value;
  }
  return found;
}
