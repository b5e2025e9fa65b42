import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeTree } from '../support/place.js';
import { makeWorld, QUICK } from '../support/world.js';

test('each verdict is told once: of an update, of a rollback, and of a recovery; a failure is a warning', async () => {
  const world = await makeWorld();
  const place = writeTree(join(world.path, 'tell'), { me: `#!/bin/sh\n{ cat; echo; } >>"$0.said"\n` });
  const program = join(place, 'me');
  const told = () =>
    (existsSync(`${program}.said`) ? readFileSync(`${program}.said`, 'utf8').trim().split('\n') : []).map(
      (line) => JSON.parse(line),
    );
  world.publish('2026.6.1');
  world.publish('2026.6.2');
  world.publish('2026.6.3', { neverReady: true });
  await world.start('2026.6.1');
  expect((await world.cli('notify', program)).json.error.code).toBe('usage');
  chmodSync(program, 0o755);
  expect(await world.ok('notify', program, '--test')).toMatchObject({
    schema: 1,
    target: program,
    tested: true,
  });
  expect(told()).toMatchObject([{ event: 'test', change: null }]);

  const { change } = await world.ok('update', '2026.6.2', ...QUICK);
  expect(told().slice(1)).toMatchObject([
    { event: 'change', change: { change, status: 'package_updated_restart_verified' } },
  ]);
  await world.cli('update', '2026.6.3', ...QUICK);
  expect(told().slice(2)).toMatchObject([{ change: { status: 'rolled_back', to: '2026.6.3' } }]);

  world.publish('2026.6.4');
  await world.begin(['stage', '2026.6.4'], { OPENCLAW_RELEASES_FAULT: 'exit before probe' }).ended;
  expect(told()).toHaveLength(3);
  await world.ok('recover');
  await world.ok('unpin', '2026.6.2');
  expect(told().slice(3)).toMatchObject([{ change: { kind: 'stage', recovery: { outcome: 'undone' } } }]);

  writeTree(place, { me: '#!/bin/sh\necho broken >&2; exit 1\n' });
  chmodSync(program, 0o755);
  expect((await world.cli('notify', '--test')).json.error).toMatchObject({ code: 'notify_failed' });
  const { change: id } = await world.ok('rollback', '2026.6.1', ...QUICK);
  const { changes } = await world.ok('history');
  expect(changes.find((one: { change: string }) => one.change === id).warnings.join()).toContain(
    'The notification did not arrive, because the program failed (code 1: broken).',
  );
});
