import { holdUpdates, releaseHold } from '../../control/hold.js';
import { heldText } from '../../store/hold-text.js';
import { command } from '../command.js';
import { parseMoment } from '../parse.js';

const UNTIL = 'a date, a date and time, or a duration such as 3d or 12h; until unhold otherwise';

export const holdCommand = () =>
  command(
    'hold',
    'keep the timer, and updates that name no version, from updating',
    'openclaw-releases hold 3d --why "a week of exams"',
  )
    .argument('[until]', UNTIL, (text) => parseMoment(text))
    .option('--why <text>', 'shown wherever the hold is')
    .acts(async ({ environment }, until: Date | undefined, { why }: { why?: string }) => {
      const { hold, stopped } = await holdUpdates(environment.root, until ?? null, why ?? null, 'person');
      const said = `Updates are held${heldText(hold)}. Next: openclaw-releases unhold`;
      return {
        document: { hold, stopped },
        text: () => (stopped === null ? said : `${said}\n${stopped} was stopped before its switch.`),
      };
    });

export const unholdCommand = () =>
  command('unhold', 'let the timer update again, also after three rollbacks in a row').acts(
    async ({ environment }) => {
      await releaseHold(environment.root);
      return { document: { hold: null }, text: () => 'Updates are not held.' };
    },
  );
