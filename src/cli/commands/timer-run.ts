import type { Command } from 'commander';
import { exitCodeOf } from '../../change/run.js';
import { evaluateTimer } from '../../timer/evaluate.js';
import type { AskRegistry } from '../../timer/registry.js';
import { runTimer, type TimerRunOptions } from '../../timer/run.js';
import { changeDocument } from '../../views/change.js';
import {
  type LimitOptions,
  planOptions,
  type StageOptions,
  withLimits,
  withPlugins,
  withStaging,
} from '../change-options.js';
import { command, registryOption } from '../command.js';
import { changeText } from '../report.js';
import { atGlance, type CommonOptions, inSession } from '../session.js';
import { decisionLine, explanation } from '../timer-report.js';
import { print } from '../write.js';

type Options = CommonOptions & StageOptions & LimitOptions;

export function timerRunCommand(): Command {
  const run = command(
    'run',
    'update when that may be now, and say why or why not; what the timer runs every hour',
    'openclaw-releases timer run',
  ).addOption(registryOption());
  return withLimits(withPlugins(withStaging(run, 'auto'))).action((options: Options) =>
    inSession(options, async ({ environment, output }) => {
      const say = (line: string) => {
        if (!output.json) print(`${line}\n`);
      };
      const told: Pick<TimerRunOptions, 'decided' | 'follow'> = {
        decided: (decision) => say(decisionLine(decision)),
        follow: (followed) => say(`Made by a detached worker; follow it with: ${followed}`),
      };
      const ask = registryOf(options);
      const { decision, changes } = await runTimer(environment, { ask, plan: planOptions(options), ...told });
      const last = changes.at(-1);
      // A busy gateway makes the timer wait; that is no failure.
      const exitCode = last && last.error?.code !== 'gateway_busy' ? exitCodeOf(last) : 0;
      const documents = changes.map((change) => changeDocument(environment.root, change));
      if (output.json) {
        output.answer({ ok: exitCode === 0, decision, changes: documents }, () => '');
      } else for (const document of documents) say(`${document.change}: ${changeText(document)}`);
      return exitCode;
    }),
  );
}

export function timerExplainCommand(): Command {
  return command(
    'explain',
    'show the decision and what each rule says, and do nothing',
    'openclaw-releases timer explain',
  )
    .addOption(registryOption())
    .action((options: Options) =>
      atGlance(options, async ({ environment, output }) => {
        const considered = await evaluateTimer(environment, registryOf(options), true);
        const { decision, policy, file, asked } = considered;
        const { settings, channelFrom, notes, facts } = policy;
        const { registry, trouble, announced, stopped } = file;
        output.answer(
          {
            ok: true,
            ...{ decision, settings, channelFrom, notes, blockedBy: facts.blockedBy },
            registry: { asked, known: registry, trouble },
            ...{ announced, stopped },
          },
          () => explanation(considered),
        );
        return 0;
      }),
    );
}

/** Loads npm's libraries only for a question to the registry: most runs end before one. */
function registryOf({ registry }: Options): AskRegistry {
  return async (question) => {
    const [{ loadClientOptions }, { offeredReleases }] = await Promise.all([
      import('../../registry/client.js'),
      import('../../registry/offer.js'),
    ]);
    return offeredReleases(await loadClientOptions(registry === undefined ? {} : { registry }), question);
  };
}
