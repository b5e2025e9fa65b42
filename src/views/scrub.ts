import { duration } from '../core/duration.js';
import type { Moment } from '../core/scalars.js';
import { againHint } from '../store/damage.js';
import type { Root } from '../store/root.js';
import { readScrub } from '../store/scrub-record.js';

export interface KnownDamage {
  /** Path below the root; `records` stands for all records. */
  name: string;
  foundAt: Moment;
  /** Sentences, each about one difference. */
  damage: string[];
  /** Releases that depend on it. */
  releases: string[];
  /** The command that repairs it, or says what it means. */
  next: string;
}

/** Results of the scrubs of a root. */
export interface ScrubOverview {
  /** Time of the oldest comparison; null before the first scrub. */
  oldestAt: Moment | null;
  damaged: KnownDamage[];
  /** By path below the root. */
  checkedAt: Record<string, Moment>;
}

export async function scrubOverview(root: Root): Promise<ScrubOverview> {
  const checked = Object.entries(readScrub(root).checked);
  const isDamaged = checked.some(([, { damage }]) => damage.length > 0);
  // Loads only then all that comparing needs.
  const found = isDamaged ? (await import('../rollback/scrub.js')).knownDamage(root) : {};
  return {
    oldestAt: checked.map(([, { at }]) => at).sort()[0] ?? null,
    damaged: Object.entries(found).map(([name, { at: foundAt, damage, releases }]) => {
      return { name, foundAt, damage, releases, next: nextFor(root, name, releases) };
    }),
    checkedAt: Object.fromEntries(checked.map(([name, { at }]) => [name, at])),
  };
}

function nextFor(root: Root, name: string, [release = '']: string[]): string {
  if (name.startsWith('states/')) return `openclaw-releases drill ${release}`;
  if (!name.startsWith('releases/')) return 'openclaw-releases recover';
  return againHint(root, release);
}

/** Lines for people; none before the first scrub. */
export function scrubLines(
  { oldestAt, damaged }: Omit<ScrubOverview, 'checkedAt'>,
  now = Date.now(),
): string[] {
  if (oldestAt === null) return [];
  const ago = (at: Moment) => duration(Math.max(0, now - Date.parse(at)));
  if (damaged.length === 0)
    return [`All that is kept was compared within ${ago(oldestAt)}, and is as it was.`];
  return damaged.map((one) => `${damageText(one)} Found ${ago(one.foundAt)} ago. Next: ${one.next}`);
}

/** One sentence: the first difference, how many others, and what shares it. */
export function damageText({
  name,
  damage: [first = '', ...others],
  releases,
}: Omit<KnownDamage, 'foundAt' | 'next'>): string {
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  const of = name.startsWith('states/') ? 'the state of' : 'needed by';
  const shared =
    releases.length > 0 && !name.startsWith('releases/') ? ` (${of} ${releases.join(', ')})` : '';
  return `${name} is damaged${shared}: ${first.replace(/\.$/, '')}${more}.`;
}
