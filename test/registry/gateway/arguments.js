import { parseArgs } from 'node:util';

const flag = { type: 'boolean' };
const value = { type: 'string' };

/** Options, and the number of other words, of each command; as OpenClaw 2026.5.28 has them. */
const COMMANDS = {
  gateway: {
    words: 0,
    options: {
      port: value,
      bind: value,
      token: value,
      auth: value,
      password: value,
      'password-file': value,
      tailscale: value,
      'tailscale-reset-on-exit': flag,
      'allow-unconfigured': flag,
      dev: flag,
      reset: flag,
      force: flag,
      verbose: flag,
      'cli-backend-logs': flag,
      'claude-cli-logs': flag,
      'ws-log': value,
      compact: flag,
      'raw-stream': flag,
      'raw-stream-path': value,
    },
  },
  preflight: { words: 1, options: { json: flag } },
  'preflight-agent': { words: 1, options: { json: flag, 'agent-id': value } },
  'plugins update': { words: 0, options: { all: flag } },
  'plugins doctor': { words: 0, options: {} },
  doctor: { words: 0, options: { fix: flag, 'non-interactive': flag } },
};

/** Options and other words after a command. Ends the process with 1 for what the command does not know, as OpenClaw does. */
export function readArguments(command, args) {
  if (!(command in COMMANDS)) refuse(`unknown command '${command}'`);
  const { words: most, options } = COMMANDS[command];
  const { values, positionals, tokens } = parseArgs({
    args,
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const { kind, name, rawName, value } of tokens) {
    if (kind !== 'option') continue;
    if (!(name in options)) refuse(`unknown option '${rawName}'`);
    if (options[name].type === 'string' && value === undefined)
      refuse(`option '${rawName} <value>' argument missing`);
  }
  if (positionals.length > most)
    refuse(`too many arguments for '${command}'. Expected ${most} arguments but got ${positionals.length}.`);
  return { options: values, words: positionals };
}

function refuse(why) {
  console.error(`error: ${why}`);
  process.exit(1);
}
