import { cancelChange, requestRestartNow } from '../../control/cancel.js';
import { changeDocument } from '../../views/change.js';
import { command } from '../command.js';
import { changeText } from '../report.js';

export const cancelCommand = () =>
  command('cancel', 'end the active change before its switch; a release that is staged whole stays').looks(
    async ({ environment: { root } }) => {
      const document = changeDocument(root, await cancelChange(root, 'person'));
      return {
        document: { ok: true, ...document },
        text: () => `${document.change}: ${changeText(document)}`,
      };
    },
  );

export const restartNowCommand = () =>
  command('restart-now', 'restart the gateway without waiting for it any longer').looks(
    ({ environment: { root } }) => {
      const { id } = requestRestartNow(root, 'person');
      const next = 'Next: openclaw-releases status --follow';
      return { document: { change: id }, text: () => `${id} continues without waiting. ${next}` };
    },
  );
