import type { Command } from 'commander';
import { EXIT } from '../../core/errors.js';
import type { TreeDifference } from '../../store/tree.js';
import { resolveReleaseName, verifyRelease } from '../../views/releases.js';
import { command } from '../command.js';
import { errorLines } from '../output.js';
import { type CommonOptions, inSession } from '../session.js';

export function verifyCommand(): Command {
  return command(
    'verify',
    'compare every file of a release with its sealed digest',
    'openclaw-releases verify 2026.9.2',
  )
    .argument('[release]', 'id of a release, or current, or previous', 'current')
    .action((name: string, options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const { root } = environment;
        const { id, treeDigest, files, differences } = await verifyRelease(
          root,
          resolveReleaseName(root, name),
        );
        if (differences.length === 0) {
          output.answer(
            { ok: true, release: id, treeDigest, files, differences },
            () => `${id} is intact: ${files} files, ${treeDigest}`,
          );
          return EXIT.success;
        }
        const error = {
          code: 'release_damaged' as const,
          message: `${id} is not what was sealed: ${differences.length} differences.`,
          hint: `openclaw-releases rollback, then remove ${root.releases}/${id} and stage it again`,
        };
        output.answer({ ok: false, release: id, error, treeDigest, files, differences }, () =>
          [...differences.map(differenceLine), ...errorLines(error)].join('\n'),
        );
        return EXIT.damaged;
      }),
    );
}

function differenceLine({ kind, by, path }: TreeDifference): string {
  return `${kind}${by ? ` by a ${by}` : ''}  ${path}`;
}
