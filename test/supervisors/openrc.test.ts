import { test } from 'vitest';
import { slowness } from '../support/slowness.js';
import { story } from './story.js';

/** Runlevels of its own: those of the machine hold services of the machine. */
const BOOT = `
mkdir -p /run/openrc /etc/runlevels/with /etc/runlevels/without
touch /run/openrc/softlevel
ln -sfn /etc/init.d/openclaw /etc/runlevels/with/
openrc with
`;

test(
  'OpenRC starts, stops and restarts one chain, and updates roll back below it',
  { timeout: 120_000 * slowness },
  () =>
    story({
      chapter: 'OpenRC',
      boot: ['sh', '-c', BOOT],
      start: ['rc-service', 'openclaw', 'start'],
      stop: ['rc-service', 'openclaw', 'stop'],
      signal: ['env', 'RC_SVCNAME=openclaw', 'supervise-daemon', 'openclaw', '--signal', 'USR2'],
      shutdown: ['openrc', 'without'],
      parent: /^supervise-daemon openclaw /,
      state: ['rc-service', 'openclaw', 'status'],
      gaveUp: /stopped|crashed/,
    }),
);
