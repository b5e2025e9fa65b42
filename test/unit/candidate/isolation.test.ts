import { expect, test } from 'vitest';
import { isolated, shown } from '../../../src/candidate/isolation.js';

test('isolation shows the hidden directories that are needed, an inner one after the outer one', () => {
  const paths = ['/usr', '/tmp/a', '/tmp/a', '/home/me/state/tools/node', '/tmpfiles/x', '/home/me/state'];
  expect(shown(paths, '/home/me/state').map(({ at }) => at)).toEqual(['/tmp/a', '/home/me/state/tools/node']);
  const bindings = [
    ...shown(paths, '/home/me/state'),
    { from: '/copy', at: '/home/me/state', writable: true },
  ];
  const line = isolated({
    namespaces: ['--mount'],
    bindings,
    command: ['true'],
  }).join(' ');
  expect(line).toMatch(
    / \d+ \d+ ro \/tmp\/a \/tmp\/a rw \/copy \/home\/me\/state ro \/home\/me\/state\/tools\/node \S+ -- true$/,
  );
});
