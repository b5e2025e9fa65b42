import type { Command } from 'commander';
import { exitCodeOf, recover, repairText } from '../../change/run.js';
import { EXIT } from '../../core/errors.js';
import { changeDocument } from '../../views/change.js';
import { command } from '../command.js';
import { changeText } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';

export function recoverCommand(): Command {
  return command('recover', 'finish or undo what an interrupted change left', 'openclaw-releases recover')
    .option('--boot', 'before the gateway is started: decide what it will be, and start nothing')
    .action((options: CommonOptions & { boot?: boolean }) =>
      inSession(options, async ({ environment, output }) => {
        const { recovered: changes, repaired } = await recover({
          ...environment,
          atBoot: options.boot ?? false,
        });
        const failed = changes.some((change) => exitCodeOf(change) === EXIT.rollbackFailed);
        const recovered = changes.map((change) => changeDocument(environment.root, change));
        output.answer({ ok: !failed, recovered, repaired }, () =>
          changes.length + repaired.length === 0
            ? 'Nothing was left unfinished.'
            : [
                ...repaired.map(repairText),
                ...recovered.map((change) => `${change.change}: ${changeText(change)}`),
              ].join('\n'),
        );
        // Rolling back is a success of recovery; only a failed rollback is a failure.
        return failed ? EXIT.rollbackFailed : EXIT.success;
      }),
    );
}
