import { moment, momentColumn } from '../../core/moment.js';
import { size } from '../../core/size.js';
import type { Compatibility } from '../../rollback/compatibility/assess.js';
import type { Snapshot } from '../../state/snapshots.js';
import { heldText } from '../../store/hold-text.js';
import type { Mark } from '../../views/release.js';
import { listing } from '../../views/releases.js';
import { proofText } from '../../views/rollback-proof.js';
import { scrubLines } from '../../views/scrub.js';
import { corruptLines } from '../report.js';
import { type CommonOptions, look, type Session } from '../session.js';
import { table } from '../table.js';

/** Columns that a narrow terminal does without: ADDED, RUNS ON, STAGED. */
const DROP = [3, 1, 4];

const READS: Record<Compatibility['reads'], string> = {
  yes: 'compatible',
  'with-snapshot': 'with its snapshot',
  no: 'incompatible',
  unknown: 'not known',
};

export const run = (options: CommonOptions) => look(options, listReleases);

export async function listReleases({ environment, output }: Session): Promise<number> {
  const listed = await listing(environment.root, environment.supervisor);
  output.answer({ ok: true, ...listed }, () => {
    const { releases, unsealed, states, hold, rollback, scrub, corrupt } = listed;
    const held = hold ? [`Updates are held${heldText(hold)}. Next: openclaw-releases unhold`] : [];
    if (releases.length + unsealed.length === 0) {
      const none = `No release is staged below ${environment.root.path} yet. Next: openclaw-releases setup`;
      return [none, ...held, ...corruptLines(corrupt)].join('\n');
    }
    const [staged = '', ...times] = momentColumn(
      'STAGED',
      releases.map(({ sealedAt }) => sealedAt),
    );
    const rows = releases.map(({ id, runtime, fault, bytes, addedBytes, marks, stateCompatibility }, at) => [
      id,
      `node ${runtime.version}${fault === null ? '' : ' (damaged)'}`,
      size(bytes),
      addedBytes === undefined ? '-' : size(addedBytes),
      times[at] ?? '',
      READS[stateCompatibility],
      marks.join(', '),
    ]);
    const lines = [table([['RELEASE', 'RUNS ON', 'SIZE', 'ADDED', staged, 'STATE', ''], ...rows], DROP)];
    const debris = unsealed.filter((id) => !corrupt.some(({ path }) => path.includes(`/${id}/`)));
    for (const { id, fault } of releases)
      if (fault !== null) lines.push(`${id} cannot be started: ${fault}. Next: openclaw-releases recover`);
    const has = (mark: Mark) => releases.some(({ marks }) => marks.includes(mark));
    if (!has('running'))
      lines.push(`No release ${has('current') ? 'runs' : 'is current'}. Next: openclaw-releases setup`);
    if (debris.length > 0)
      lines.push(`Not releases (no manifest): ${debris.join(', ')}. Next: openclaw-releases prune`);
    const proof = rollback ? [proofText(rollback)] : [];
    const told = [...proof, ...scrubLines(scrub), ...held, ...corruptLines(corrupt)];
    return [...lines, ...states.map(stateLine), ...told].join('\n');
  });
  return 0;
}

function stateLine({ name, kind, scope, release, at, bytes }: Snapshot): string {
  const what = scope === 'config' ? 'the configuration' : 'the state';
  const how =
    kind === 'snapshot' ? `a copy of ${what} as ${release} had it` : `${what} of ${release}, displaced`;
  return `Kept: states/${name}, ${size(bytes)}: ${how} at ${moment(at)}`;
}
