import { test } from 'vitest';
import { slowness } from '../support/slowness.js';
import { pm2Path } from './pm2.js';
import { story } from './story.js';

test('pm2 starts, stops and restarts one chain, and updates roll back below it', {
  timeout: 120_000 * slowness,
}, () => {
  const program = `#!/bin/sh\nPM2_DISABLE_VERSION_CHECK=true exec '${process.execPath}' '${pm2Path()}' "$@"\n`;
  return story({
    chapter: 'pm2',
    files: { '/usr/local/bin/pm2': program },
    boot: ['sh', '-c', 'pm2 resurrect || true'],
    start: ['sh', '-c', 'pm2 start /home/claw/openclaw.config.js && pm2 save'],
    stop: ['pm2', 'stop', 'openclaw'],
    signal: ['pm2', 'sendSignal', 'SIGUSR2', 'openclaw'],
    shutdown: ['pm2', 'kill'],
    parent: /^PM2 .*: God Daemon/,
    state: ['pm2', 'jlist'],
    gaveUp: /"status":"(stopped|errored)"/,
  });
});
