import { START_VARIABLE } from '../../host/gateway-process.js';

/** Keeps only variables that name the port, the configuration and the state; all others are private, or of one start. */
export function launchEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const isOfAny = name === 'HOME' || (name.startsWith('OPENCLAW_') && name !== START_VARIABLE);
    if (value !== undefined && isOfAny) found[name] = value;
  }
  return found;
}
