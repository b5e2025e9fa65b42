import { size } from '../../core/size.js';
import { type Difference, difference, type PackageChange } from '../../views/diff.js';
import { resolveReleaseName } from '../../views/release.js';
import { command, SAME_RELEASE } from '../command.js';
import { table } from '../table.js';

/** A terminal shows no more at a time; `--json` has all. */
const MOST_PACKAGES = 30;
const MOST_LINES = 60;

export const diffCommand = () =>
  command(
    'diff',
    'compare two staged releases: packages, databases, Node, CHANGELOG',
    'openclaw-releases diff previous current',
  )
    .argument('<from>', SAME_RELEASE)
    .argument('[to]', SAME_RELEASE, 'current')
    .looks(({ environment: { root } }, from: string, to: string) => {
      const document = difference(root, resolveReleaseName(root, from), resolveReleaseName(root, to));
      return { document, text: () => differenceText(document) };
    });

function differenceText(found: Difference): string {
  const { releases, packages, schemas, engines, node, bytes, newScripts, changelog } = found;
  const { added, removed, changed, same } = packages;
  const way = (from: string, to: string) => (from === to ? `${from}, as before` : `${from} -> ${to}`);
  const databases = (one: Difference['schemas']['from']) =>
    one === null ? 'not declared' : `state ${one.state}, agent ${one.agent}`;
  const rows = [
    ['release', `${releases.from} -> ${releases.to}`],
    ['databases', way(databases(schemas.from), databases(schemas.to))],
    ['needs Node', way(engines.from ?? 'not declared', engines.to ?? 'not declared')],
    ['runs on Node', way(node.from, node.to)],
    ['size', way(size(bytes.from), size(bytes.to))],
    [
      'packages',
      `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${same} the same`,
    ],
    ['new install scripts', newScripts.join(', ') || 'none'],
  ];
  const all = [...changed, ...added, ...removed].map(packageLine);
  return [
    table(rows),
    ...first(all, MOST_PACKAGES),
    ...(changelog === '' ? [] : ['', ...first(changelog.split('\n'), MOST_LINES)]),
  ].join('\n');
}

function packageLine({ path, from, to }: PackageChange): string {
  if (from === null) return `+ ${path} ${to}`;
  return to === null ? `- ${path} ${from}` : `  ${path} ${from} -> ${to}`;
}

function first(lines: string[], most: number): string[] {
  const left = lines.length - most;
  return left > 0 ? [...lines.slice(0, most), `  and ${left} more lines (--json has all)`] : lines;
}
