import type { Command } from 'commander';
import { skipWait, stopChange } from '../../control/cancel.js';
import { command } from '../command.js';
import { changeText } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';

export function stopCommand(): Command {
  return command(
    'stop',
    'end the change under way before its switch; what was staged whole stays',
    'openclaw-releases stop',
  ).action((options: CommonOptions) =>
    inSession(options, async ({ environment, output }) => {
      const change = await stopChange(environment.root, 'person');
      const { id, status, error } = change;
      output.answer({ ok: true, change: id, status, error }, () => `${id}: ${changeText(change)}`);
      return 0;
    }),
  );
}

export function skipWaitCommand(): Command {
  return command(
    'skip-wait',
    'restart the gateway without waiting for it any longer',
    'openclaw-releases skip-wait',
  ).action((options: CommonOptions) =>
    inSession(options, async ({ environment, output }) => {
      const { id } = skipWait(environment.root, 'person');
      output.answer(
        { ok: true, change: id },
        () => `${id} goes on without waiting. Next: openclaw-releases status --follow`,
      );
      return 0;
    }),
  );
}
