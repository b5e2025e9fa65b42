import { test } from 'vitest';
import { slowness } from '../support/slowness.js';
import { story } from './story.js';

test(
  'runit starts, stops and restarts one chain, and updates roll back below it',
  { timeout: 120_000 * slowness },
  () =>
    story({
      chapter: 'runit',
      boot: [
        'sh',
        '-c',
        'ln -sfn /etc/sv/openclaw /etc/service/; setsid runsvdir -P /etc/service >/dev/null 2>&1 &',
      ],
      start: ['sv', '-w', '20', 'start', 'openclaw'],
      stop: ['sv', '-w', '75', 'stop', 'openclaw'],
      signal: ['sv', '2', 'openclaw'],
      shutdown: ['sh', '-c', 'kill -HUP "$(pidof runsvdir)"'],
      parent: /^runsv openclaw$/,
      state: ['sv', 'status', 'openclaw'],
      gaveUp: /^down: (?!.*want up)/,
    }),
);
