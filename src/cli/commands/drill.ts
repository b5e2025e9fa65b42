import type { Command } from 'commander';
import { rollbackTarget } from '../../rollback/known-good.js';
import { resolveReleaseName } from '../../views/release.js';
import { making } from '../change-options.js';
import { command } from '../command.js';
import { durationIn } from '../parse.js';

export function drillCommand(): Command {
  return command('drill', 'prove that a rollback would work: start its release on a copy of the state')
    .argument('[release]', 'id of a release, current or previous; without one, as for rollback')
    .option(
      '--ready-timeout <time>',
      'how long its start may take, times three (default: 60s)',
      durationIn('s'),
    )
    .action(
      making('drill', undefined, ({ environment: { root } }, release: string | undefined) => ({
        target: release === undefined ? rollbackTarget(root) : resolveReleaseName(root, release),
      })),
    );
}
