import type { Command } from 'commander';
import { listing } from '../../change/overview.js';
import { type CommonOptions, command, inSession } from '../command.js';
import { mebibytes, table } from '../output.js';

export function listCommand(): Command {
  return command('list', 'show every release and what points at it', 'openclaw-releases list').action(
    (options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const { releases, unsealed } = await listing(environment.root, environment.supervisor);
        const document = {
          ok: true,
          releases: releases.map(({ manifest, marks }) => ({ ...manifest, marks })),
          unsealed,
        };
        output.answer(document, () => {
          if (releases.length + unsealed.length === 0)
            return 'No release is staged yet. Next: openclaw-releases stage latest';
          const rows = releases.map(({ manifest: { id, runtime, bytes, sealedAt }, marks }) => [
            id,
            `node ${runtime.version}${runtime.kind === 'host' ? " (host's)" : ''}`,
            mebibytes(bytes),
            sealedAt.slice(0, 16).replace('T', ' '),
            marks.join(', '),
          ]);
          const lines = [table([['RELEASE', 'RUNS ON', 'SIZE', 'STAGED (UTC)', ''], ...rows])];
          if (unsealed.length > 0)
            lines.push(`Not releases (no manifest): ${unsealed.join(', ')}. Next: openclaw-releases prune`);
          return lines.join('\n');
        });
        return 0;
      }),
  );
}
