import { moment } from '../../core/moment.js';
import { size } from '../../core/size.js';
import type { Manifest } from '../../store/manifest.js';
import { quarantineEnd } from '../../store/quarantine.js';
import { findRelease, type ListedRelease } from '../../views/releases.js';
import { command, SAME_RELEASE } from '../command.js';
import { table } from '../table.js';

export const showCommand = () =>
  command('show', 'show one release: where it is from, what it runs on', 'openclaw-releases show current')
    .argument('<release>', SAME_RELEASE)
    .looks(async ({ environment }, name: string) => {
      const release = await findRelease(environment.root, environment.supervisor, name);
      return { document: release, text: () => table(rowsOf(release)) };
    });

function rowsOf(release: ListedRelease): string[][] {
  const { schemas, quarantine, fault } = release;
  const damage = fault === null ? '' : `, but ${fault}. Next: openclaw-releases recover`;
  const rows = [
    ['release', release.id],
    ['marks', release.marks.join(', ') || 'none'],
    ['path', release.path],
    ['asked for as', release.spec],
    ['integrity', release.integrity],
    ['signature', release.signature],
    ['needs Node', release.engines ?? 'not declared'],
    ['runs on', `Node ${release.runtime.version}${damage}`],
    ['databases', schemas ? `state ${schemas.state}, agent ${schemas.agent}` : 'not declared'],
    ["reads today's state", readableText(release)],
    ['size', `${size(release.bytes)} in ${release.files} files, ${release.packages} packages`],
    ['added to the disk', addedText(release)],
    ['tree digest', release.treeDigest],
    ['scripts not run', release.skippedScripts.join(', ') || 'none'],
    ['sealed', moment(release.sealedAt)],
  ];
  if (quarantine) {
    const until = moment(quarantineEnd(quarantine).getTime());
    rows.push(['quarantined', `until ${until}: ${quarantine.cause.message}`]);
  }
  return rows;
}

function addedText({ addedBytes, sharedBytes }: Manifest): string {
  if (addedBytes === undefined) return 'not known';
  const added = `${size(addedBytes)} when it was staged`;
  return sharedBytes ? `${added}, and ${size(sharedBytes)} that releases share` : added;
}

function readableText({ stateCompatibility: reads, stateReason: why }: ListedRelease): string {
  if (reads === 'with-snapshot') return `no: ${why}; its own is kept, and would be put back`;
  if (reads === 'unknown') return `not known: ${why}`;
  return `${reads}: ${why}`;
}
