import type { ErrorCode } from '../../src/core/errors.js';

/** A gateway as its unit and its configuration name it. `~` is the home of its user. */
export interface InstanceRow {
  situation: string;
  /** Public report that it is taken from. */
  source?: string;
  args?: string[];
  env?: Record<string, string>;
  /** Files in the home. */
  files?: Record<string, string>;
  expected: { url: string; profile?: string; directory?: string; config?: string };
}

const config = (gateway: object, path = '.openclaw/openclaw.json') => ({
  [path]: JSON.stringify({ gateway }),
});

const variable = (name: string) => `\${${name}}`;

/** Gateways that do not run: where they would answer, and whose they are. */
export const INSTANCES: InstanceRow[] = [
  {
    situation: 'nothing is configured',
    expected: { url: 'http://127.0.0.1:18789', directory: '~/.openclaw' },
  },
  {
    situation: 'a profile on the command line',
    source: 'openclaw#65982',
    args: ['--profile', 'work', 'gateway'],
    files: config({ port: 4001 }, '.openclaw-work/openclaw.json'),
    expected: { url: 'http://127.0.0.1:4001', profile: 'work', directory: '~/.openclaw-work' },
  },
  {
    situation: 'a profile after the command',
    args: ['gateway', '--profile=work'],
    expected: { url: 'http://127.0.0.1:18789', profile: 'work', directory: '~/.openclaw-work' },
  },
  {
    situation: 'a profile in the environment, and a directory of its own',
    source: 'openclaw#15970',
    env: { OPENCLAW_PROFILE: 'work', OPENCLAW_STATE_DIR: '~/state' },
    files: config({ port: 4002 }, 'state/openclaw.json'),
    expected: { url: 'http://127.0.0.1:4002', profile: 'work', directory: '~/state' },
  },
  {
    situation: 'a profile in the environment alone, which OpenClaw gives no place of its own',
    env: { OPENCLAW_PROFILE: 'work' },
    files: {
      ...config({ port: 4005 }, '.openclaw/openclaw.json'),
      ...config({ port: 4006 }, '.openclaw-work/openclaw.json'),
    },
    expected: { url: 'http://127.0.0.1:4005', profile: 'work', directory: '~/.openclaw' },
  },
  {
    situation: 'the developer’s gateway',
    args: ['--dev', 'gateway'],
    expected: { url: 'http://127.0.0.1:19001', profile: 'dev', directory: '~/.openclaw-dev' },
  },
  {
    situation: 'the default profile by its name',
    env: { OPENCLAW_PROFILE: 'default' },
    expected: { url: 'http://127.0.0.1:18789', profile: '', directory: '~/.openclaw' },
  },
  {
    situation: 'another home for OpenClaw',
    env: { OPENCLAW_HOME: '~/claw' },
    files: config({ port: 4003 }, 'claw/.openclaw/openclaw.json'),
    expected: { url: 'http://127.0.0.1:4003', directory: '~/claw/.openclaw' },
  },
  {
    situation: 'a configuration elsewhere',
    env: { OPENCLAW_CONFIG_PATH: '~/etc/claw.json5' },
    files: { 'etc/claw.json5': '{ gateway: { port: 4004, /* mine */ } }' },
    expected: { url: 'http://127.0.0.1:4004', config: '~/etc/claw.json5' },
  },
  {
    situation: 'the port in an included file',
    source: 'openclaw#66048',
    files: {
      ...config({ $include: './parts/gateway.json' }),
      '.openclaw/parts/gateway.json': '{"port": 4005}',
    },
    expected: { url: 'http://127.0.0.1:4005' },
  },
  {
    situation: 'a whole configuration that is included, and a key of its own',
    files: {
      '.openclaw/openclaw.json': '{"$include": ["base.json", "site.json"], "gateway": {"bind": "loopback"}}',
      '.openclaw/base.json': '{"gateway": {"port": 1, "bind": "custom", "customBindHost": "10.0.0.9"}}',
      '.openclaw/site.json': '{"gateway": {"port": 4006}}',
    },
    expected: { url: 'http://127.0.0.1:4006' },
  },
  {
    situation: 'an address of its own',
    source: 'openclaw#108406',
    files: config({ bind: 'custom', customBindHost: '192.168.7.7', port: 4007 }),
    expected: { url: 'http://192.168.7.7:4007' },
  },
  {
    situation: 'an address from the environment',
    env: { HOST_ADDRESS: '192.168.7.8' },
    files: config({ bind: 'custom', customBindHost: variable('HOST_ADDRESS') }),
    expected: { url: 'http://192.168.7.8:18789' },
  },
  {
    situation: 'every address',
    source: 'openclaw#50607',
    files: config({ bind: 'lan' }),
    expected: { url: 'http://127.0.0.1:18789' },
  },
  {
    situation: 'an address on the command line before the configured one',
    args: ['gateway', '--bind', 'loopback', '--port', '4008'],
    files: config({ bind: 'custom', customBindHost: '192.168.7.7', port: 1 }),
    expected: { url: 'http://127.0.0.1:4008' },
  },
  {
    situation: 'a port of the environment before the configured one',
    env: { OPENCLAW_GATEWAY_PORT: '4009' },
    files: config({ port: 1 }),
    expected: { url: 'http://127.0.0.1:4009' },
  },
  {
    situation: 'TLS',
    files: config({ tls: { enabled: true } }),
    expected: { url: 'https://127.0.0.1:18789' },
  },
  {
    situation: 'a state directory that is a link',
    source: 'npm/cli#3431',
    env: { OPENCLAW_STATE_DIR: '~/link' },
    files: { ...config({ port: 4010 }, 'disk/openclaw.json'), link: '-> disk' },
    expected: { url: 'http://127.0.0.1:4010', directory: '~/disk' },
  },
  {
    situation: 'the directory of before the project had its name',
    files: config({ port: 4011 }, '.clawdbot/openclaw.json'),
    expected: { url: 'http://127.0.0.1:4011', directory: '~/.clawdbot' },
  },
];

/** A command with an environment, for the root of a gateway of profile work that listens on port 4001. */
export interface CallerRow {
  situation: string;
  env: Record<string, string>;
  expected: 'accepted' | ErrorCode;
}

export const CALLERS: CallerRow[] = [
  { situation: 'nothing named', env: {}, expected: 'accepted' },
  { situation: 'its profile', env: { OPENCLAW_PROFILE: 'work' }, expected: 'accepted' },
  { situation: 'its state directory', env: { OPENCLAW_STATE_DIR: '~/.openclaw-work' }, expected: 'accepted' },
  { situation: 'its port', env: { OPENCLAW_GATEWAY_PORT: '4001' }, expected: 'accepted' },
  { situation: 'another profile', env: { OPENCLAW_PROFILE: 'play' }, expected: 'another_instance' },
  { situation: 'the default profile', env: { OPENCLAW_PROFILE: 'default' }, expected: 'another_instance' },
  {
    situation: 'the default state',
    env: { OPENCLAW_STATE_DIR: '~/.openclaw' },
    expected: 'another_instance',
  },
  { situation: 'another port', env: { OPENCLAW_GATEWAY_PORT: '18789' }, expected: 'another_instance' },
  {
    situation: 'its profile with the configuration of another one',
    env: { OPENCLAW_PROFILE: 'work', OPENCLAW_CONFIG_PATH: '~/.openclaw/openclaw.json' },
    expected: 'another_instance',
  },
];
