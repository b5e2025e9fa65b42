import type { Command } from 'commander';
import { command } from '../command.js';
import { listReleases } from '../looks/list.js';
import { atGlance, type CommonOptions } from '../session.js';

export function listCommand(): Command {
  return command('list', 'show every release and its links', 'openclaw-releases list').action(
    (options: CommonOptions) => atGlance(options, listReleases),
  );
}
