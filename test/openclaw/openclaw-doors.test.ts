import { describe } from 'vitest';
import { testDoors } from './openclaw-doors.js';

describe('the doors of real OpenClaw 2026.9.5 under `run`', () => testDoors('2026.9.5', '2026.9.6'));
