import type { Command } from 'commander';
import { listing } from '../../change/releases.js';
import { type CommonOptions, command, inSession } from '../command.js';
import { mebibytes, table } from '../output.js';
import { unreadableLines } from '../report.js';

export function listCommand(): Command {
  return command('list', 'show every release and what points at it', 'openclaw-releases list').action(
    (options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const { releases, unsealed, unreadable } = await listing(environment.root, environment.supervisor);
        const document = {
          ok: true,
          releases: releases.map(({ manifest, marks }) => ({ ...manifest, marks })),
          unsealed,
          unreadable,
        };
        output.answer(document, () => {
          if (releases.length + unsealed.length === 0) {
            const none = 'No release is staged yet. Next: openclaw-releases stage latest';
            return [none, ...unreadableLines(unreadable)].join('\n');
          }
          const rows = releases.map(({ manifest: { id, runtime, bytes, sealedAt }, marks }) => [
            id,
            `node ${runtime.version}${runtime.kind === 'host' ? " (host's)" : ''}`,
            mebibytes(bytes),
            sealedAt.slice(0, 16).replace('T', ' '),
            marks.join(', '),
          ]);
          const lines = [table([['RELEASE', 'RUNS ON', 'SIZE', 'STAGED (UTC)', ''], ...rows])];
          const debris = unsealed.filter((id) => !unreadable.some(({ path }) => path.includes(`/${id}/`)));
          if (debris.length > 0)
            lines.push(`Not releases (no manifest): ${debris.join(', ')}. Next: openclaw-releases prune`);
          return [...lines, ...unreadableLines(unreadable)].join('\n');
        });
        return 0;
      }),
  );
}
