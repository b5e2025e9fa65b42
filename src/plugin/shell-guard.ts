import { basename } from 'node:path';
import type { PluginApi } from './api.js';

/** Words before the program of a command. */
const BEFORE =
  /^(?:-.*|\w+=.*|sudo|env|nohup|time|timeout|\d+[smhd]?|exec|nice|command|corepack|then|do|npx|node|(?:ba|da|z)?sh)$/;

const MANAGERS = new Set(['npm', 'pnpm', 'yarn', 'bun']);
const INSTALLS = new Set(['i', 'in', 'install', 'add', 'up', 'update', 'upgrade']);
const GLOBAL = new Set(['-g', '--global', '--location=global', 'global']);

/** As in `bin/openclaw`: these only look, or repair what an update left. */
const HARMLESS = new Set(['status', 'repair', 'cleanup', 'finalize', '--dry-run', '--help', '-h']);

const ADVICE = [
  'Not run: this would not update the gateway, whose releases this host keeps beside each other.',
  'Use the tool releases, first with {"action":"check"}. Without that tool, ask your person to type /releases update in the chat.',
].join(' ');

/** Keeps the shell of an agent from installing a second OpenClaw. It is against accidents: a shell can hide what it does. */
export function registerShellGuard(api: PluginApi): void {
  api.on?.(
    'before_tool_call',
    ({ toolName, params }) => {
      const command = toolName === 'exec' ? params?.command : null;
      const isSelfUpdate = typeof command === 'string' && command.split(/[;&|\n]+/).some(updatesOpenClaw);
      return isSelfUpdate ? { block: true, blockReason: ADVICE } : undefined;
    },
    { matcher: ['exec'] },
  );
}

/** @param command without `;`, `&` and `|` */
function updatesOpenClaw(command: string): boolean {
  const words = command.split(/[\s"'`()]+/).filter(Boolean);
  const at = words.findIndex(
    (word, index) => !BEFORE.test(word) && !BEFORE.test(basename(word)) && words[index - 1] !== '-u',
  );
  const program = basename(words[at] ?? '');
  const rest = words.slice(at + 1);
  if (program === 'openclaw' || program === 'openclaw.mjs') {
    const [name] = rest.filter((word, index) => !word.startsWith('--') && rest[index - 1] !== '--profile');
    return name === 'update' && !rest.some((word) => HARMLESS.has(word));
  }
  if (!MANAGERS.has(program)) return false;
  const has = (known: Set<string>) => rest.some((word) => known.has(word));
  return has(INSTALLS) && has(GLOBAL) && rest.some((word) => /^openclaw(?:@|$)/.test(word));
}
