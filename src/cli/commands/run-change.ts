import type { Command } from 'commander';
import { exitCodeOf } from '../../change/run.js';
import { runRecordedChange } from '../../control/detached/worker.js';
import { changeDocument } from '../../views/change.js';
import { command } from '../command.js';
import { changeAnswer, changeText } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';

export function runChangeCommand(): Command {
  return command(
    'run-change',
    'make a change that another command has written into the ledger',
    'openclaw-releases run-change CHANGE',
  )
    .argument('<change>', 'id of the change')
    .action((id: string, options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const change = await runRecordedChange(environment, id);
        const document = changeDocument(environment.root, change);
        output.answer(changeAnswer(document), () => changeText(document));
        return exitCodeOf(change);
      }),
    );
}
