import type { Command } from 'commander';
import type { Compatibility } from '../../rollback/compatibility/assess.js';
import { type Manifest, readManifest, releaseDirectory } from '../../store/manifest.js';
import { quarantineEnd, quarantineOf, readPolicy } from '../../store/policy.js';
import { listing, NOT_KNOWN, resolveReleaseName } from '../../views/releases.js';
import { command } from '../command.js';
import { mebibytes, table } from '../output.js';
import { type CommonOptions, inSession } from '../session.js';

export function showCommand(): Command {
  return command(
    'show',
    'show one release: where it is from, what it runs on',
    'openclaw-releases show current',
  )
    .argument('<release>', 'id of a release, or current, or previous')
    .action((name: string, options: CommonOptions) =>
      inSession(options, async ({ environment, output }) => {
        const { root, supervisor } = environment;
        const manifest = readManifest(root, resolveReleaseName(root, name));
        const { releases } = await listing(root, supervisor);
        const listed = releases.find((release) => release.manifest.id === manifest.id);
        const { marks, readable } = listed ?? { marks: [], readable: NOT_KNOWN };
        const reads = { stateCompatibility: readable.reads, stateReason: readable.why };
        const quarantine = quarantineOf(readPolicy(root), manifest.id);
        const path = releaseDirectory(root, manifest.id);
        output.answer({ ok: true, path, marks, ...reads, quarantine, ...manifest }, () =>
          table([
            ['release', manifest.id],
            ['marks', marks.join(', ') || 'none'],
            ['path', path],
            ['asked for as', manifest.spec],
            ['integrity', manifest.integrity],
            ['signature', manifest.signature],
            ['needs Node', manifest.engines ?? 'not declared'],
            [
              'runs on',
              `Node ${manifest.runtime.version}, ${manifest.runtime.kind === 'host' ? "the host's" : 'carried'}`,
            ],
            [
              'databases',
              manifest.schemas
                ? `state ${manifest.schemas.state}, agent ${manifest.schemas.agent}`
                : 'not declared',
            ],
            ["reads today's state", readableText(readable)],
            [
              'size',
              `${mebibytes(manifest.bytes)} in ${manifest.files} files, ${manifest.packages} packages`,
            ],
            ['added to the disk', addedText(manifest)],
            ['tree digest', manifest.treeDigest],
            ['scripts not run', manifest.skippedScripts.join(', ') || 'none'],
            ['sealed at', manifest.sealedAt],
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

function readableText({ reads, why }: Compatibility): string {
  if (reads === 'with-snapshot') return `no: ${why}; its own is kept, and would be put back`;
  if (reads === 'unknown') return `not known: ${why}. Next: openclaw-releases list --check`;
  return `${reads}: ${why}`;
}
