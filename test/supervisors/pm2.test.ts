import { test } from 'vitest';
import { LONG, story } from './story.js';
import { SUPERVISED } from './supervised.js';

test('pm2 starts, stops and restarts one chain, and updates roll back below it', LONG, () =>
  story(SUPERVISED.pm2),
);
