import { exitCodeOf, recover, repairText } from '../../change/run.js';
import { EXIT } from '../../core/errors.js';
import { inspectIfThere } from '../../ledger/running-release.js';
import { changeDocument } from '../../views/change.js';
import { command } from '../command.js';
import { changeText, nextLines } from '../report.js';

export const recoverCommand = () =>
  command('recover', 'finish or undo what an interrupted change left')
    .option('--boot', 'before the gateway is started: decide what it will be, and start nothing')
    .acts(async ({ environment }, { boot = false }: { boot?: boolean }) => {
      const { supervisor } = environment;
      const { recovered: changes, repaired } = await recover({ ...environment, atBoot: boot });
      const recovered = changes.map((change) => changeDocument(environment.root, change));
      const lines = () => [
        ...repaired.map(repairText),
        ...recovered.map((change) => `${change.change}: ${changeText(change)}`),
      ];
      const runs = boot || (await inspectIfThere(supervisor))?.pid;
      // Rolling back is a success of recovery; only a failed rollback is a failure.
      const failed = changes.some((change) => exitCodeOf(change) === EXIT.rollbackFailed);
      return {
        document: { recovered, repaired },
        text: () =>
          [
            lines().join('\n') || 'Nothing was left unfinished.',
            ...(runs ? [] : nextLines(['openclaw-releases setup'])),
          ].join('\n'),
        exitCode: failed ? EXIT.rollbackFailed : EXIT.success,
      };
    });
