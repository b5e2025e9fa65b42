import type { Command } from 'commander';
import { EXIT } from '../../core/errors.js';
import type { TreeDifference } from '../../store/tree.js';
import { verifyRelease } from '../../views/verification.js';
import { command } from '../command.js';
import { errorLines } from '../output.js';
import { atGlance, type CommonOptions } from '../session.js';

export function verifyCommand(): Command {
  return command(
    'verify',
    'compare every file of a release with its sealed digest',
    'openclaw-releases verify 2026.9.2',
  )
    .argument('[release]', 'id of a release, or current, or previous', 'current')
    .action((name: string, options: CommonOptions) =>
      atGlance(options, async ({ environment, output }) => {
        const verified = await verifyRelease(environment.root, name);
        const { release, files, treeDigest, differences, error } = verified;
        output.answer(verified, () =>
          error
            ? [...differences.map(differenceLine), ...errorLines(error)].join('\n')
            : `${release} is intact: ${files} files, ${treeDigest}`,
        );
        return error ? EXIT.damaged : EXIT.success;
      }),
    );
}

function differenceLine({ kind, by, path }: TreeDifference): string {
  return `${kind}${by ? ` by a ${by}` : ''}  ${path}`;
}
