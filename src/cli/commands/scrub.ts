import { EXIT, ReleasesError, toErrorRecord } from '../../core/errors.js';
import { prepareRoot } from '../../store/root.js';
import { scrubAndTell } from '../../timer/scrub.js';
import { scrubLines, scrubOverview } from '../../views/scrub.js';
import { command } from '../command.js';
import { durationIn } from '../parse.js';
import { say } from '../write.js';

export const scrubCommand = () =>
  command(
    'scrub',
    'compare all that is kept with what it was: releases, their Nodes, snapshots and records',
    'openclaw-releases scrub --for 5m',
  )
    .option('--for <time>', 'stop after that time; the next scrub continues there', durationIn('m'))
    .acts(async ({ environment, output }, options: { for?: number }) => {
      const { root, signal } = environment;
      prepareRoot(root);
      const run = await scrubAndTell(environment, {
        ...{ forMs: options.for ?? null, olderThan: Number.POSITIVE_INFINITY, signal },
        onItem: (name) => {
          if (!output.json) say(`${name}\n`);
        },
      });
      if (run === null)
        throw new ReleasesError('locked', 'Another scrub is active.', { hint: 'openclaw-releases list' });
      const { compared, left } = run;
      const { checkedAt: _, ...found } = await scrubOverview(root);
      const [first] = found.damaged;
      const error = first && toErrorRecord(damaged(first.damage[0] ?? '', first.next));
      const rest = left.length > 0 ? [`${left.length} are left for the next: openclaw-releases scrub`] : [];
      return {
        document: { compared, left, ...found, ...(error && { error }) },
        text: () => [...scrubLines(found), ...rest].join('\n'),
        exitCode: error ? EXIT.damaged : EXIT.success,
      };
    });

function damaged(message: string, hint: string): ReleasesError {
  return new ReleasesError('release_damaged', message, { hint });
}
