import { test } from 'vitest';
import { slowness } from '../support/slowness.js';
import { story } from './story.js';

test(
  'supervisord starts, stops and restarts one chain, and updates roll back below it',
  { timeout: 120_000 * slowness },
  () =>
    story({
      chapter: 'supervisord',
      boot: ['supervisord', '-c', '/etc/supervisor/supervisord.conf'],
      start: ['supervisorctl', 'start', 'openclaw'],
      stop: ['supervisorctl', 'stop', 'openclaw'],
      signal: ['supervisorctl', 'signal', 'USR2', 'openclaw'],
      shutdown: ['supervisorctl', 'shutdown'],
      parent: /supervisord/,
      state: ['supervisorctl', 'status', 'openclaw'],
      gaveUp: /EXITED|FATAL/,
    }),
);
