import { runRecordedChange } from '../../control/detached/worker.js';
import { answerOf } from '../change-options.js';
import { command } from '../command.js';

export const runChangeCommand = () =>
  command(
    'run-change',
    'make a change that another command has written into the ledger',
    'openclaw-releases run-change CHANGE',
  )
    .argument('<change>', 'id of the change')
    .acts(async ({ environment }, id: string) =>
      answerOf(environment.root, await runRecordedChange(environment, id)),
    );
