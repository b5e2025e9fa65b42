import { test } from 'vitest';
import { slowness } from '../support/slowness.js';
import { story } from './story.js';

test(
  's6 starts, stops and restarts one chain, and updates roll back below it',
  { timeout: 120_000 * slowness },
  () =>
    story({
      chapter: 's6',
      boot: ['sh', '-c', 'setsid s6-svscan /etc/s6 >/dev/null 2>&1 &'],
      start: ['s6-svc', '-u', '/etc/s6/openclaw'],
      stop: ['s6-svc', '-wD', '-T', '75000', '-d', '/etc/s6/openclaw'],
      signal: ['s6-svc', '-2', '/etc/s6/openclaw'],
      shutdown: ['s6-svscanctl', '-t', '/etc/s6'],
      parent: /^s6-supervise openclaw$/,
      state: ['s6-svstat', '/etc/s6/openclaw'],
      gaveUp: /^down (?!.*want up)/,
    }),
);
