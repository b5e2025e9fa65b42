import { moment } from '../../core/moment.js';
import { heldText } from '../../store/hold-text.js';
import { quarantineEnd } from '../../store/quarantine.js';
import type { ChangeDocument } from '../../views/change.js';
import { resolveReleaseName } from '../../views/release.js';
import { type Why, whyRelease } from '../../views/why.js';
import { command, SAME_RELEASE } from '../command.js';
import { decisionLine } from '../timer-report.js';

/** Newest changes to print; `--json` has all. */
const SHOWN = 10;

export const whyCommand = () =>
  command(
    'why',
    'say why a release is kept, was not taken, or was rolled back',
    'openclaw-releases why 2026.9.6',
  )
    .argument('<release>', SAME_RELEASE)
    .looks(({ environment: { root } }, name: string) => {
      const document = whyRelease(root, resolveReleaseName(root, name));
      return { document, text: () => whyText(document) };
    });

function whyText(why: Why): string {
  const { release, staged, quarantine, skipped, yanked, hold, decisions, changes, older } = why;
  const last = decisions.at(-1);
  const lines = [
    staged ? prospectText(why) : `${release} is not staged here.`,
    quarantine &&
      `It is in quarantine until ${moment(quarantineEnd(quarantine).toISOString())}: ${quarantine.cause.message}`,
    yanked !== null && `It is yanked: ${yanked}`,
    skipped && 'The timer skips it.',
    hold && `Updates are held${heldText(hold)}.`,
    last && `The timer said at ${moment(last.at)}: ${decisionLine(last)}`,
    ...changes.slice(-SHOWN).reverse().map(changeLine),
    older.length > 0 && `${older.length} older changes name it: openclaw-releases history --json`,
  ];
  return lines.filter((line) => typeof line === 'string').join('\n');
}

function prospectText({ release, kept, notPlanned }: Why): string {
  if (kept !== null) return `${release} is staged and kept: ${kept}.`;
  if (notPlanned === null) return `${release} is staged, and the next prune would remove it.`;
  return `${release} is staged; it is not known if a prune would remove it: ${notPlanned}`;
}

function changeLine({ number, change, kind, startedAt, sentence, error, initiator }: ChangeDocument): string {
  const by = initiator === 'person' ? '' : `, by the ${initiator}`;
  const cause = error === null || sentence.includes(error.message) ? '' : ` ${error.message}`;
  return `#${number ?? change} ${kind}${by}, ${moment(startedAt)}: ${sentence}${cause}`;
}
