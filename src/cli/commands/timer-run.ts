import { exitCodeOf } from '../../change/run.js';
import { evaluateTimer } from '../../timer/evaluate.js';
import { askingRegistry } from '../../timer/registry.js';
import { runTimer } from '../../timer/run.js';
import { changeDocument } from '../../views/change.js';
import { type ChangeOptions, planOptions, withLimits, withPlugins, withStaging } from '../change-options.js';
import { command, looking, registryOption } from '../command.js';
import { changeText } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';
import { decisionLine, explanation } from '../timer-report.js';
import { say } from '../write.js';

export function timerRunCommand() {
  const run = command(
    'run',
    'update when that may be now, and say why or why not; what the timer runs every hour',
    'openclaw-releases timer run',
  ).addOption(registryOption());
  return withLimits(withPlugins(withStaging(run, 'auto'))).action((options: CommonOptions & ChangeOptions) =>
    inSession(options, async ({ environment, output }) => {
      const tell = (line: string) => {
        if (!output.json) say(`${line}\n`);
      };
      const { decision, changes } = await runTimer(environment, {
        ask: askingRegistry(options.registry),
        plan: planOptions(options),
        decided: (decision) => tell(decisionLine(decision)),
        tell,
      });
      const last = changes.at(-1);
      // A busy gateway makes the timer wait; that is no failure.
      const exitCode = last && last.error?.code !== 'gateway_busy' ? exitCodeOf(last) : 0;
      const documents = changes.map((change) => changeDocument(environment.root, change));
      for (const document of documents) tell(`${document.change}: ${changeText(document)}`);
      if (output.json) output.answer({ ok: exitCode === 0, decision, changes: documents }, () => '');
      return exitCode;
    }),
  );
}

export const timerExplainCommand = () =>
  command(
    'explain',
    'show the decision and what each rule says, and do nothing',
    'openclaw-releases timer explain',
  )
    .addOption(registryOption())
    .action(
      looking(async ({ environment }, options: ChangeOptions) => {
        const evaluation = await evaluateTimer(environment, askingRegistry(options.registry), true);
        const { decision, policy, file, asked } = evaluation;
        const { settings, channelFrom, notes, facts } = policy;
        const { registry, trouble, announced, stopped } = file;
        const known = { asked, known: registry, trouble };
        const { blockedBy } = facts;
        return {
          document: {
            decision,
            settings,
            channelFrom,
            notes,
            blockedBy,
            registry: known,
            announced,
            stopped,
          },
          text: () => explanation(evaluation),
        };
      }),
    );
