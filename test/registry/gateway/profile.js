import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Command and arguments without the options of a profile, whose places it puts into the environment, as OpenClaw does:
 * a directory or a file that is named there already stays. `OPENCLAW_PROFILE` alone chooses no place.
 */
export function applyProfile(words, env) {
  const rest = [];
  let profile;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '--profile') profile = words[++at];
    else if (word.startsWith('--profile=')) profile = word.slice('--profile='.length);
    else if (word === '--dev') profile = 'dev';
    else rest.push(word);
  }
  if (profile && profile !== 'default') {
    env.OPENCLAW_PROFILE = profile;
    env.OPENCLAW_STATE_DIR ||= join(env.OPENCLAW_HOME || env.HOME || homedir(), `.openclaw-${profile}`);
    if (profile === 'dev') env.OPENCLAW_GATEWAY_PORT ||= '19001';
  }
  return rest;
}
