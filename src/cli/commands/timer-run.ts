import { exitCodeOf } from '../../change/run.js';
import { askingRegistry } from '../../registry/asking.js';
import { evaluateTimer } from '../../timer/evaluate.js';
import { runTimer } from '../../timer/run.js';
import { changeDocument } from '../../views/change.js';
import type { Answers } from '../answers.js';
import { type ChangeOptions, planOptions, withLimits, withPlugins, withStaging } from '../change-options.js';
import { command, registryOption } from '../command.js';
import { changeText } from '../report.js';
import { type CommonOptions, inSession } from '../session.js';
import { decisionLine, explanation } from '../timer-report.js';
import { say } from '../write.js';

export function timerRunCommand() {
  const run = command(
    'timer run',
    'update when that may be now, and say why or why not; what the timer runs every hour',
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
      const answer: Answers['timer run'] = { decision, changes: documents };
      if (output.json) output.answer({ ok: exitCode === 0, ...answer }, () => '');
      return exitCode;
    }),
  );
}

export const timerExplainCommand = () =>
  command('timer explain', 'show the decision and what each rule says, and do nothing')
    .addOption(registryOption())
    .looks(async ({ environment }, options: ChangeOptions) => {
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
    });
