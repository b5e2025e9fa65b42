import { expect, test } from 'vitest';
import type { PluginApi, ToolCall } from '../../../src/plugin/api.js';
import { registerShellGuard } from '../../../src/plugin/shell-guard.js';

/** Reason why the gateway does not run a tool; null when it does. */
function blocked(call: ToolCall): string | null {
  let reason: string | null = null;
  const on: PluginApi['on'] = (_, handler) => {
    reason = handler(call)?.blockReason ?? null;
  };
  registerShellGuard({ on } as PluginApi);
  return reason;
}

const inShell = (command: unknown) => blocked({ toolName: 'exec', params: { command } });

test.each([
  'npm i -g openclaw',
  'npm install --global openclaw@latest',
  'npm -g install openclaw@2026.9.6 --no-fund',
  'npm install --location=global openclaw',
  'sudo npm i -g openclaw@beta',
  'sudo -u claw npm i -g openclaw',
  'npm_config_prefix=/opt/x /usr/bin/npm update -g openclaw',
  'pnpm add -g openclaw',
  'yarn global add openclaw',
  'bun add -g openclaw@latest',
  'cd /tmp && npm i -g openclaw; openclaw --version',
  'bash -lc "npm i -g openclaw"',
  'openclaw update',
  'openclaw update --yes',
  'openclaw --profile work update --tag beta',
  '~/.local/share/openclaw-releases/bin/openclaw update',
  'node /usr/lib/node_modules/openclaw/openclaw.mjs update',
  'npx openclaw update',
  'openclaw gateway stop || openclaw update',
  'timeout 600 npm i -g openclaw',
  'corepack pnpm add -g openclaw',
])('%j is not run, and says where to go', (command) => {
  expect(inShell(command)).toMatch(/tool releases.*\/releases update/);
});

test.each([
  'npm i -g openclaw-releases',
  'npm i -g @openclaw/matrix',
  'npm install openclaw',
  'npm ls -g openclaw',
  'npm view openclaw version',
  'openclaw update status --json',
  'openclaw update --help',
  'openclaw update -h',
  'openclaw update repair',
  'openclaw update cleanup --yes',
  'openclaw update --dry-run',
  'openclaw plugins update --all',
  'openclaw-releases update',
  'openclaw releases update',
  'openclaw agent --message "please update"',
  'grep -r "openclaw update" docs',
  'git commit -m "npm i -g openclaw"',
  'apt-get update',
  'npm update -g',
  '',
])('%j is run', (command) => {
  expect(inShell(command)).toBeNull();
});

test('other tools, and a shell without a command, are none of its business', () => {
  expect(blocked({ toolName: 'write', params: { command: 'openclaw update' } })).toBeNull();
  expect(blocked({ toolName: 'exec' })).toBeNull();
  expect(inShell({ openclaw: 'update' })).toBeNull();
});
