import type { Command } from 'commander';
import { holdUpdates, releaseHold } from '../../control/hold.js';
import { heldText } from '../../store/hold-text.js';
import { command } from '../command.js';
import { parseMoment } from '../parse-date.js';
import { type CommonOptions, inSession } from '../session.js';

export function holdCommand(): Command {
  return command(
    'hold',
    'keep the timer, and updates that name no version, from updating',
    'openclaw-releases hold 3d --why "a week of exams"',
  )
    .argument(
      '[until]',
      'a date, a date and time, or a span such as 3d or 12h; until unhold otherwise',
      (text) => parseMoment(text),
    )
    .option('--why <text>', 'shown wherever the hold is')
    .action((until: Date | undefined, options: CommonOptions & { why?: string }) =>
      inSession(options, async ({ environment, output }) => {
        const { hold, stopped } = await holdUpdates(
          environment.root,
          until ?? null,
          options.why ?? null,
          'person',
        );
        output.answer({ ok: true, hold, stopped }, () => {
          const said = `Updates are held${heldText(hold)}. Next: openclaw-releases unhold`;
          return stopped === null ? said : `${said}\n${stopped} was stopped before its switch.`;
        });
        return 0;
      }),
    );
}

export function unholdCommand(): Command {
  return command(
    'unhold',
    'let the timer update again, also after three rollbacks in a row',
    'openclaw-releases unhold',
  ).action((options: CommonOptions) =>
    inSession(options, async ({ environment, output }) => {
      await releaseHold(environment.root);
      output.answer({ ok: true, hold: null }, () => 'Updates are not held.');
      return 0;
    }),
  );
}
