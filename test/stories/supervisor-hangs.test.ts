import { afterEach, expect, test } from 'vitest';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import { cleanUp, makeRoot, started, startSupervisor } from '../fixtures/supervisor/harness.js';

afterEach(async () => expect(await cleanUp()).toEqual([]));

test('inspect gives up on a supervisor that hangs', async () => {
  const root = makeRoot();
  const supervisor = startSupervisor(root, ['forever']);
  await started(root);
  supervisor.process.kill('SIGSTOP');
  try {
    await expect(builtinSupervisor(root).inspect()).rejects.toMatchObject({ code: 'supervisor_failed' });
  } finally {
    supervisor.process.kill('SIGCONT');
  }
});
