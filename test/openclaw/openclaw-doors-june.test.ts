import { describe } from 'vitest';
import { testDoors } from './openclaw-doors.js';

// 2026.9.5 does not start on sessions of 2026.6.1: its own `doctor --fix` must migrate them before.
describe('the doors of real OpenClaw 2026.6.1 under `run`', () =>
  testDoors('2026.6.1', '2026.9.5', { isTold: false, verdict: 'rolled_back', reason: 'not-git-install' }));
