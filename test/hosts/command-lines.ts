import type { HostRow } from './host.js';

const MAIN = '~/.npm-global/lib/node_modules/openclaw/dist/index.js';
const GATEWAY = `~/bin/node ${MAIN} gateway --port 18801`;
const exec = (line: string) => `ExecStart=${line}`;
const refused = (says: string, hint = '') => ({ code: 'command_unknown' as const, says, hint });

/** Words before, around and after OpenClaw. */
export const COMMAND_LINES: HostRow[] = [
  {
    situation: "OpenClaw's own unit",
    unit: exec(GATEWAY),
    expected: { start: '"<root>/bin/gateway" --port 18801' },
  },
  {
    situation: 'variables set by env',
    source: 'openclaw#24350',
    unit: exec(`/usr/bin/env OPENCLAW_GATEWAY_PORT=18802 TOKEN=s ${GATEWAY}`),
    expected: { start: '/usr/bin/env OPENCLAW_GATEWAY_PORT=18802 TOKEN=s "<root>/bin/gateway" --port 18801' },
  },
  {
    situation: 'a wrapper that hides OpenClaw',
    source: 'openclaw#69400',
    unit: exec('~/bin/with-secrets gateway --port 18801 --token abc'),
    files: { 'bin/with-secrets': `#!/bin/sh\nexec node ${MAIN} "$@"\n` },
    expected: refused(
      'openclaw-gateway.service does not show where OpenClaw starts: ExecStart=~/bin/with-secrets gateway --port 18801 --token …',
      'End ~/bin/with-secrets with: exec "$@" and write: ExecStart=~/bin/with-secrets ~/.npm-global/bin/openclaw gateway --port 18801 --token …',
    ),
  },
  {
    situation: 'a proxy before Node',
    source: 'openclaw#24350',
    unit: exec(`proxychains4 -q ${GATEWAY}`),
    expected: { start: 'proxychains4 -q "<root>/bin/gateway" --port 18801' },
  },
];
