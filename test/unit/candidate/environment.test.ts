import { expect, test } from 'vitest';
import { candidateLaunch } from '../../../src/candidate/environment.js';

test('a candidate starts as the gateway does, on loopback, without what ties that one to its supervisor', () => {
  const env = {
    HOME: '/home/me',
    DISCORD_TOKEN: 'of a channel',
    OPENCLAW_STATE_DIR: '/home/me/state',
    OPENCLAW_SYSTEMD_UNIT: 'openclaw-gateway.service',
    OPENCLAW_SERVICE_MARKER: 'openclaw',
    OPENCLAW_RELEASES_ROOT: '/home/me/root',
    INVOCATION_ID: '1',
    NOTIFY_SOCKET: '/run/notify',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1/bus',
    OPENCLAW_SKIP_CHANNELS: '0',
    NODE_COMPILE_CACHE: '/home/me/root/cache/2026.5.28',
    OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: '1',
  };
  const args = ['/x/main.mjs', '--profile', 'work', 'gateway', '--port', '18800', '--bind', 'tailnet'];
  const launch = candidateLaunch({ args, env }, '/home/me/.openclaw-work');
  expect(launch.args).toEqual(['gateway', '--port', '18800', '--bind', 'tailnet', '--bind', 'loopback']);
  expect(launch.env).toMatchObject({
    HOME: '/home/me',
    OPENCLAW_PROFILE: 'work',
    OPENCLAW_STATE_DIR: '/home/me/.openclaw-work',
    DISCORD_TOKEN: 'of a channel',
    OPENCLAW_SKIP_CHANNELS: '1',
    npm_config_offline: 'true',
  });
  expect(
    Object.keys(launch.env).filter((name) =>
      /SYSTEMD|SERVICE|RELEASES|INVOCATION|NOTIFY|DBUS|COMPILE/.test(name),
    ),
  ).toEqual([]);
  expect(candidateLaunch({ args: ['--port', '1'], env: {} }, '/state').args.slice(0, 3)).toEqual([
    'gateway',
    '--port',
    '1',
  ]);
});
