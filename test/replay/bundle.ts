import type { Change } from '../../src/ledger/ledger.js';

/** Change of a report; older ones have lost their steps. */
type Reported = Partial<Change> & { change?: string };

/**
 * The failed change that a report is about.
 * @param text Markdown as `report` prints it, or what `report --json` prints
 * @param wanted number or id; null for the last change that failed
 * @throws Error with a sentence when there is none
 */
export function failedChange(text: string, wanted: string | null): Change {
  const changes = changesIn(text);
  const named = (one: Reported) => [String(one.number), one.id, one.change].includes(wanted ?? '');
  const found = changes.findLast((one) => (wanted === null ? (one.error ?? null) !== null : named(one)));
  if (!found)
    throw new Error(wanted === null ? 'No change of this report failed.' : `It has no change ${wanted}.`);
  if (!found.plan || !found.facts || !found.steps)
    throw new Error(`Of change ${found.number ?? found.change} only a line is left, not its steps.`);
  if (!found.error) throw new Error(`Change ${found.number} did not fail.`);
  return found as Change;
}

function changesIn(text: string): Reported[] {
  const [, json = text] = /```json\n(.*)\n```/s.exec(text) ?? [];
  let document: { report?: { changes?: unknown }; changes?: unknown };
  try {
    document = JSON.parse(json);
  } catch {
    throw new Error(
      'This is no report of openclaw-releases: it has no JSON. Next: openclaw-releases report --output FILE',
    );
  }
  const changes = (document.report ?? document).changes;
  if (!Array.isArray(changes)) throw new Error('This report has no changes: they could not be read.');
  return changes;
}
