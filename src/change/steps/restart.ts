import type { Step } from '../context.js';

/** One restart job of the supervisor, never a bare stop. */
export const restart: Step = {
  name: 'restart',
  async do(context) {
    const { facts, warnings } = context.change;
    facts.restartRequestedAt = new Date().toISOString();
    facts.restart = await context.supervisor.restart();
    const seconds = (facts.restart.stopMs / 1000).toFixed(1);
    if (!facts.restart.killed) return `the old process ended after ${seconds} s`;
    const note = `the old process had not ended after ${seconds} s and was killed`;
    warnings.push(`When it was asked to stop, ${note}.`);
    return note;
  },
};
