import type { Readable } from '../../rollback/compatibility/assess.js';
import type { KeptState } from '../../state/snapshots.js';
import { heldText } from '../../store/hold-text.js';
import { holdOf, readPolicy } from '../../store/policy.js';
import { listing } from '../../views/releases.js';
import { mebibytes, table } from '../output.js';
import { unreadableLines } from '../report.js';
import type { Session } from '../session.js';

const READS: Record<Readable['reads'], string> = {
  yes: 'yes',
  'with-snapshot': 'with its state',
  no: 'no',
  unknown: 'not known',
};

/** Every release and what points at it, and what else is kept. */
export async function listReleases({ environment, output }: Session): Promise<number> {
  const { releases, unsealed, states, unreadable } = await listing(environment.root, environment.supervisor);
  const hold = holdOf(readPolicy(environment.root));
  const held = hold ? [`Updates are held${heldText(hold)}. Next: openclaw-releases unhold`] : [];
  const document = {
    ok: true,
    releases: releases.map(({ manifest, marks, readable: { reads, why } }) => ({
      ...manifest,
      ...{ marks, reads, readsWhy: why },
    })),
    unsealed,
    states,
    hold,
    unreadable,
  };
  output.answer(document, () => {
    if (releases.length + unsealed.length === 0) {
      const none = 'No release is staged yet. Next: openclaw-releases stage latest';
      return [none, ...held, ...unreadableLines(unreadable)].join('\n');
    }
    const rows = releases.map(
      ({ manifest: { id, runtime, bytes, addedBytes, sealedAt }, marks, readable }) => [
        id,
        `node ${runtime.version}${runtime.kind === 'host' ? " (host's)" : ''}`,
        mebibytes(bytes),
        addedBytes === undefined ? '-' : mebibytes(addedBytes),
        sealedAt.slice(0, 16).replace('T', ' '),
        READS[readable.reads],
        marks.join(', '),
      ],
    );
    const lines = [
      table([['RELEASE', 'RUNS ON', 'SIZE', 'ADDED', 'STAGED (UTC)', 'READS STATE', ''], ...rows]),
    ];
    const debris = unsealed.filter((id) => !unreadable.some(({ path }) => path.includes(`/${id}/`)));
    if (debris.length > 0)
      lines.push(`Not releases (no manifest): ${debris.join(', ')}. Next: openclaw-releases prune`);
    return [...lines, ...states.map(stateLine), ...held, ...unreadableLines(unreadable)].join('\n');
  });
  return 0;
}

function stateLine({ name, kind, scope, release, at, bytes }: KeptState): string {
  const what = scope === 'config' ? 'the configuration' : 'the state';
  const how =
    kind === 'snapshot' ? `a copy of ${what} as ${release} had it` : `${what} of ${release}, set aside`;
  return `Kept: states/${name}, ${mebibytes(bytes)}: ${how} at ${at.slice(0, 16).replace('T', ' ')}`;
}
