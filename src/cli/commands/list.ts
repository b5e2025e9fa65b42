import type { Command } from 'commander';
import { command } from '../command.js';
import { listReleases } from '../looks/list.js';
import { atGlance, type CommonOptions, inSession, type Session } from '../session.js';

export function listCommand(): Command {
  return command('list', 'show every release and its links', 'openclaw-releases list')
    .option(
      '--check',
      "try on a copy of today's state which releases can read it, where that is not known yet",
    )
    .action((options: CommonOptions & { check?: boolean }) =>
      options.check ? inSession(options, checkAndList) : atGlance(options, listReleases),
    );
}

async function checkAndList(session: Session): Promise<number> {
  const { checkReadable } = await import('../../change/boot-checks.js');
  await checkReadable(session.environment);
  return listReleases(session);
}
