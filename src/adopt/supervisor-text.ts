import { withoutSecrets } from '../core/secret-words.js';
import type { OtherSupervisor } from './other-supervisor.js';

/** For people: without values that are secret by their names. */
export function shownSupervisor(other: OtherSupervisor): OtherSupervisor {
  const shown = (line: string) => withoutSecrets(line.split(' '));
  const changes = other.changes.map((one) => ({
    ...one,
    before: shown(one.before),
    after: shown(one.after),
  }));
  return { ...other, changes };
}

/** The change as lines for people: `-` and `+` as in a patch. */
export function otherSupervisorLines(other: OtherSupervisor): string[] {
  const { changes, additions, commands } = shownSupervisor(other);
  const paths = [...new Set([...changes, ...additions].map(({ path }) => path))];
  return [
    ...paths.flatMap((path) => [
      `\n${path}`,
      ...changes
        .filter((one) => one.path === path)
        .flatMap(({ before, after }) => [`- ${before}`, `+ ${after}`]),
      ...additions
        .filter((one) => one.path === path)
        .flatMap(({ lines }) => lines.map((line) => `+ ${line}`)),
    ]),
    ...(commands.length > 0 ? ['', ...commands] : []),
  ];
}
