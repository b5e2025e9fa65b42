import { expect, onTestFinished, test, vi } from 'vitest';
import { systemdSupervisor } from '../../../../src/supervisor/systemd/supervisor.js';

test('inspect without a user manager fails and names how to get one', async () => {
  vi.stubEnv('XDG_RUNTIME_DIR', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const supervisor = systemdSupervisor({ scope: 'user', unit: 'openclaw-gateway.service' });
  await expect(supervisor.inspect()).rejects.toMatchObject({
    code: 'supervisor_not_found',
    hint: expect.stringContaining('loginctl enable-linger'),
  });
});
