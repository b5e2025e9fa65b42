import { expect, test, vi } from 'vitest';
import { setupCommand } from '../../../../src/cli/commands/setup.js';
import { inSession } from '../../../../src/cli/session.js';
import { performChange } from '../../../../src/control/detached/start.js';
import { newChange } from '../../../../src/ledger/ledger.js';
import { planChange } from '../../../../src/ledger/plan.js';
import { selectSupervisor, writeSupervisorRecord } from '../../../../src/supervisor/select.js';
import { planSetup } from '../../../../src/views/setup.js';
import { temporaryRoot } from '../../../support/place.js';

vi.mock('../../../../src/cli/session.js', () => ({ inSession: vi.fn(), atGlance: vi.fn() }));
vi.mock('../../../../src/control/detached/start.js', () => ({ performChange: vi.fn() }));
vi.mock('../../../../src/views/setup.js', () => ({ planSetup: vi.fn() }));

const UNIT = { unit: 'openclaw-gateway.service', scope: 'user' } as const;

test('after an adoption, setup asks the supervisor that the root has now', async () => {
  const root = temporaryRoot();
  const answers: object[] = [];
  vi.mocked(inSession).mockImplementation(async (_, work) => {
    const output = { json: true, answer: (document: object) => answers.push(document) };
    await work({ environment: { root, supervisor: selectSupervisor(root.path) }, output } as never);
  });
  vi.mocked(planSetup).mockImplementation(async (_, { kind }) =>
    kind === 'systemd'
      ? { found: 'It runs.', steps: [], next: [] }
      : { found: 'A unit runs.', steps: [{ kind: 'adopt', unit: UNIT }], next: [] },
  );
  vi.mocked(performChange).mockImplementation(async () => {
    writeSupervisorRecord(root.path, { schema: 1, kind: 'systemd', ...UNIT });
    const facts = { from: null, previous: null, to: '2026.9.6' };
    return {
      ...newChange(planChange('adopt', UNIT.unit), facts),
      status: 'package_updated_restart_verified',
    };
  });
  await setupCommand().parseAsync(['--yes', '--json'], { from: 'user' });
  expect(answers).toMatchObject([{ found: 'It runs.', steps: [], next: [], ok: true }]);
});
