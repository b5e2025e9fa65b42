import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makePlace } from '../../../src/demo/place.js';

test('a demonstration has its own home, a free port of loopback, and leaves nothing behind', async () => {
  vi.stubEnv('OPENCLAW_STATE_DIR', '/home/me/.openclaw');
  vi.stubEnv('OPENCLAW_GATEWAY_TOKEN', 'the real one');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { path, port, env, remove } = await makePlace();
  onTestFinished(() => (existsSync(path) ? remove() : undefined));
  const below = ['HOME', 'TMPDIR', 'OPENCLAW_STATE_DIR', 'OPENCLAW_RELEASES_ROOT', 'npm_config_cache'];
  for (const name of below) expect([name, env[name]?.startsWith(`${path}/`)]).toEqual([name, true]);
  expect(env).not.toHaveProperty('OPENCLAW_GATEWAY_TOKEN');
  expect(JSON.parse(readFileSync(env.OPENCLAW_CONFIG_PATH ?? '', 'utf8'))).toMatchObject({
    gateway: { port, bind: 'loopback' },
  });
  const release = join(path, 'root/releases/2026.6.1');
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, 'release.json'), '');
  chmodSync(release, 0o555);
  remove();
  expect(existsSync(path)).toBe(false);
});
