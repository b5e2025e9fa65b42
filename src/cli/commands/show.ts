import type { Command } from 'commander';
import type { Manifest } from '../../store/manifest.js';
import { quarantineEnd } from '../../store/policy.js';
import { findRelease, type ListedRelease } from '../../views/releases.js';
import { command } from '../command.js';
import { mebibytes, table } from '../output.js';
import { atGlance, type CommonOptions } from '../session.js';

export function showCommand(): Command {
  return command(
    'show',
    'show one release: where it is from, what it runs on',
    'openclaw-releases show current',
  )
    .argument('<release>', 'id of a release, or current, or previous')
    .action((name: string, options: CommonOptions) =>
      atGlance(options, async ({ environment, output }) => {
        const release = await findRelease(environment.root, environment.supervisor, name);
        const { id, runtime, schemas, quarantine } = release;
        output.answer({ ok: true, ...release }, () =>
          table([
            ['release', id],
            ['marks', release.marks.join(', ') || 'none'],
            ['path', release.path],
            ['asked for as', release.spec],
            ['integrity', release.integrity],
            ['signature', release.signature],
            ['needs Node', release.engines ?? 'not declared'],
            [
              'runs on',
              `Node ${runtime.version}${release.fault === null ? '' : `, but ${release.fault}. Next: openclaw-releases recover`}`,
            ],
            ['databases', schemas ? `state ${schemas.state}, agent ${schemas.agent}` : 'not declared'],
            ["reads today's state", readableText(release)],
            ['size', `${mebibytes(release.bytes)} in ${release.files} files, ${release.packages} packages`],
            ['added to the disk', addedText(release)],
            ['tree digest', release.treeDigest],
            ['scripts not run', release.skippedScripts.join(', ') || 'none'],
            ['sealed at', release.sealedAt],
            ...(quarantine
              ? [
                  [
                    'quarantined',
                    `until ${quarantineEnd(quarantine).toISOString()}: ${quarantine.cause.message}`,
                  ],
                ]
              : []),
          ]),
        );
        return 0;
      }),
    );
}

function addedText({ addedBytes, sharedBytes }: Manifest): string {
  if (addedBytes === undefined) return 'not known';
  const added = `${mebibytes(addedBytes)} when it was staged`;
  return sharedBytes ? `${added}, and ${mebibytes(sharedBytes)} that releases share` : added;
}

function readableText({ stateCompatibility: reads, stateReason: why }: ListedRelease): string {
  if (reads === 'with-snapshot') return `no: ${why}; its own is kept, and would be put back`;
  if (reads === 'unknown') return `not known: ${why}`;
  return `${reads}: ${why}`;
}
