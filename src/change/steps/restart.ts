import { ReleasesError } from '../../errors.js';
import type { Step } from '../context.js';

/** One restart job of the supervisor, never a bare stop. */
export const restart: Step = {
  name: 'restart',
  async do(context) {
    const { facts, warnings } = context.change;
    facts.restartRequestedAt = new Date().toISOString();
    facts.restart = await context.supervisor.restart();
    if (facts.restart.instance === facts.baseline?.instance) {
      throw new ReleasesError(
        'restart_failed',
        'The supervisor reports a restart, but the process from before still runs.',
        {
          hint: 'openclaw-releases status',
        },
      );
    }
    const seconds = (facts.restart.stopMs / 1000).toFixed(1);
    if (!facts.restart.killed) return `the old process ended after ${seconds} s`;
    const note = `the old process had not ended after ${seconds} s and was killed`;
    warnings.push(`When it was asked to stop, ${note}.`);
    return note;
  },
};
