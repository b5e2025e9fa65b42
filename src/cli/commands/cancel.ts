import type { Command } from 'commander';
import { cancelChange, requestRestartNow } from '../../control/cancel.js';
import { changeDocument } from '../../views/change.js';
import { command } from '../command.js';
import { changeText } from '../report.js';
import { atGlance, type CommonOptions } from '../session.js';

export function cancelCommand(): Command {
  return command(
    'cancel',
    'end the active change before its switch; a release that is staged whole stays',
    'openclaw-releases cancel',
  ).action((options: CommonOptions) =>
    atGlance(options, async ({ environment, output }) => {
      const change = await cancelChange(environment.root, 'person');
      const document = changeDocument(environment.root, change);
      output.answer({ ok: true, ...document }, () => `${document.change}: ${changeText(document)}`);
      return 0;
    }),
  );
}

export function restartNowCommand(): Command {
  return command(
    'restart-now',
    'restart the gateway without waiting for it any longer',
    'openclaw-releases restart-now',
  ).action((options: CommonOptions) =>
    atGlance(options, async ({ environment, output }) => {
      const { id } = requestRestartNow(environment.root, 'person');
      output.answer(
        { ok: true, change: id },
        () => `${id} continues without waiting. Next: openclaw-releases status --follow`,
      );
      return 0;
    }),
  );
}
