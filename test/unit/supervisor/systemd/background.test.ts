import { afterEach, expect, test, vi } from 'vitest';
import { lingers } from '../../../../src/host/systemd/linger.js';
import { systemdSupervisor } from '../../../../src/supervisor/systemd/supervisor.js';

vi.mock('../../../../src/host/systemd/linger.js', () => ({ lingers: vi.fn() }));
vi.mock('../../../../src/host/systemd/scope.js', () => ({ idleScope: (scope: string) => scope }));

afterEach(() => void vi.restoreAllMocks());

test.each([
  { gateway: 'user', uid: 1000, lingering: false, background: 'user' },
  { gateway: 'user', uid: 1000, lingering: true, background: 'user' },
  { gateway: 'system', uid: 1000, lingering: true, background: 'user' },
  // Without logind nothing ends a user's systemd.
  { gateway: 'system', uid: 1000, lingering: null, background: 'user' },
  { gateway: 'system', uid: 1000, lingering: false, background: null },
  { gateway: 'system', uid: 0, lingering: false, background: 'system' },
] as const)(
  'a release is made ready in a scope of a systemd that stays: $gateway gateway, user $uid, lingering $lingering',
  ({ gateway, uid, lingering, background }) => {
    vi.spyOn(process, 'getuid').mockReturnValue(uid);
    vi.mocked(lingers).mockReturnValue(lingering);
    const supervisor = systemdSupervisor({ scope: gateway, unit: 'openclaw.service' });
    expect(supervisor.background?.()).toBe(background);
  },
);
