import { ReleasesError } from '../../core/errors.js';
import { gatewayLog } from '../../views/gateway-log.js';
import { resolveReleaseName } from '../../views/release.js';
import { command } from '../command.js';
import { parseCount } from '../parse.js';

export const logsCommand = () =>
  command('logs', "print the end of the gateway's log")
    .option('--lines <count>', 'how many lines at most (default: 100)', parseCount)
    .acts(async ({ environment: { root, supervisor } }, { lines = 100 }: { lines?: number }) => {
      const log = await gatewayLog(root, supervisor, lines);
      if (log === null) {
        resolveReleaseName(root, 'current');
        throw new ReleasesError('log_elsewhere', 'The built-in supervisor keeps no log.', {
          hint: 'Look where openclaw-releases run was started: a terminal, a container, or the log of the supervisor above it.',
        });
      }
      const { log: follow } = supervisor.byHand;
      return { document: { lines: log, follow }, text: () => log.join('\n'), verbatim: true };
    });
