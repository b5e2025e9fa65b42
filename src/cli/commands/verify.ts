import { EXIT } from '../../core/errors.js';
import { verifyRelease } from '../../views/verification.js';
import { command, SAME_RELEASE } from '../command.js';
import { errorLines } from '../output.js';

export const verifyCommand = () =>
  command(
    'verify',
    'compare every file of a release with its sealed digest',
    'openclaw-releases verify 2026.9.2',
  )
    .argument('[release]', SAME_RELEASE, 'current')
    .looks(async ({ environment }, name: string) => {
      const document = await verifyRelease(environment.root, name);
      const { release, files, treeDigest, differences, error } = document;
      const lines = differences.map(({ kind, by, path }) => `${kind}${by ? ` by a ${by}` : ''}  ${path}`);
      return {
        document,
        text: () =>
          error
            ? [...lines, ...errorLines(error)].join('\n')
            : `${release} is intact: ${files} files, ${treeDigest}`,
        exitCode: error ? EXIT.damaged : EXIT.success,
      };
    });
