import { plainText } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import type { Account } from '../host/account.js';
import {
  ancestry,
  argumentsOf,
  directoryOf,
  environmentOf,
  isOfSuperuser,
  processIds,
  userOf,
} from '../host/process.js';
import { controlGroupsOf } from '../host/systemd/control-group.js';
import { findProgram } from './program.js';
import { changesIn, type LineChange, START, settingsIn, userIn } from './start-lines.js';
import type { Addition, List, Sighting, SupervisorKind } from './supervisor-kind.js';
import { CONTAINER, NOBODY, SUPERVISORS } from './supervisors.js';
import { filesIn, listTrusted, readTrusted } from './trusted-files.js';

/** Supervisor of a gateway that systemd does not run, and the changes that make it run `openclaw-releases run`. */
export interface OtherSupervisor {
  /** `nobody`: a shell, or nothing any more. */
  name: string;
  service: string | null;
  /** Process of the gateway. */
  gateway: number;
  /** User as whom the lines to change start it; null where they do not say. */
  user: string | null;
  changes: LineChange[];
  additions: Addition[];
  /** Commands to type after that. */
  commands: string[];
  /** A release must be staged and current before it. */
  needsRelease: boolean;
}

/** A process of a tree, from the gateway up. */
export interface TreeProcess {
  args: string[];
  directory: string;
}

export interface GatewayTree {
  gateway: number;
  /** Nearest first; the first one is the gateway itself, the last one process 1. */
  tree: TreeProcess[];
  env: Record<string, string>;
  groups: string[];
}

/**
 * Finds the gateways of this user, or all for the superuser, and who runs each; one service counts once.
 * @param owner only gateways of this user, which the superuser's processes run: those of the user may have any name
 * @param isMeant which of several gateways with one supervisor, by process id
 */
export function findOtherSupervisors(
  env: NodeJS.ProcessEnv = process.env,
  owner?: Account,
  isMeant: (gateway: number) => boolean = () => true,
): OtherSupervisor[] {
  const found = processIds()
    .filter((pid) => isGateway(argumentsOf(pid).join(' ')) && directoryOf(pid) !== null)
    .filter((pid) => (!owner || userOf(pid) === owner.uid) && isMeant(pid))
    .map((gateway) => {
      const tree = ancestry(gateway)
        .filter((pid) => !owner || pid === gateway || isOfSuperuser(pid))
        .map((pid) => ({ args: argumentsOf(pid), directory: directoryOf(pid) ?? '/' }));
      const about = { gateway, tree, env: environmentOf(gateway), groups: controlGroupsOf(gateway) };
      // The owner can start this program as the superuser did, perhaps not the first one on the superuser's path.
      return owner
        ? describeSupervisor(about, readTrusted, ourProgram(), listTrusted)
        : describeSupervisor(about, plainText, ourCommand(env));
    });
  const key = ({ gateway: _, ...other }: OtherSupervisor) => JSON.stringify(other);
  const known = new Map(found.toReversed().map((other) => [key(other), other]));
  return [...known.values()].reverse();
}

/** OpenClaw gives its process this title; before that it is Node with the package's program. */
function isGateway(commandLine: string): boolean {
  return (
    /^openclaw-gateway\b/.test(commandLine) || (/^\S*node /.test(commandLine) && START.test(commandLine))
  );
}

function ourCommand(env: NodeJS.ProcessEnv): string {
  return findProgram('openclaw-releases', env.PATH ?? '') ?? ourProgram();
}

function ourProgram(): string {
  return `${process.execPath} ${ownFile('dist/cli/main.cjs')}`;
}

/** @throws ReleasesError `supervisor_not_found`; `supervisor_file` for several, or where there is nothing to write */
export function onlySupervisor([other, ...more]: OtherSupervisor[]): OtherSupervisor {
  if (!other) {
    throw new ReleasesError('supervisor_not_found', 'No gateway runs that this user can see.', {
      hint: 'openclaw-releases setup',
    });
  }
  if (more.length === 0 && other.needsRelease) return other;
  const names = [other, ...more].map(({ name, service }) =>
    service === null ? name : `${name} (${service})`,
  );
  throw new ReleasesError(
    'supervisor_file',
    `adopt --write changes the files of one supervisor other than systemd. Gateways run under ${names.join(', ')}.`,
    { hint: more.length > 0 ? 'openclaw-releases adopt --dry-run' : (other.commands[0] ?? '') },
  );
}

/** Pure: everything comes from its arguments. */
export function describeSupervisor(
  { gateway, tree, env, groups }: GatewayTree,
  read: (path: string) => string | null,
  command: string,
  list: List = filesIn,
): OtherSupervisor {
  const [kind, seen] = recognize(tree.slice(1), { gateway, env, groups });
  const service = kind.service(seen);
  const [known, run] = [service ?? 'openclaw', `${command} run`];
  const changes = kind
    .files(seen, known, list)
    .flatMap((path) => changesIn(path, read(path) ?? '', command, service));
  const users = changes.map(({ path, before }) =>
    userIn(read(path) ?? '', before, kind.userSetting, service),
  );
  const [first = null] = users;
  const additions = kind
    .additions([...new Set(changes.map(({ path }) => path))], known, run, seen, read)
    .map(({ path, lines }) => {
      // A file that starts the gateway has settings already; the others are new.
      if (!changes.some((change) => change.path === path)) return { path, lines };
      const settings = settingsIn(path, read(path) ?? '', lines, service);
      changes.push(...settings.changes);
      return { path, lines: settings.missing };
    })
    .filter(({ lines }) => lines.length > 0);
  return {
    ...{ name: kind.name, service, gateway, user: users.every((one) => one === first) ? first : null },
    ...{ changes, additions, needsRelease: kind.needsRelease ?? true },
    commands: kind.commands(known, run, seen),
  };
}

function recognize(
  above: TreeProcess[],
  about: Pick<Sighting, 'gateway' | 'env' | 'groups'>,
): [SupervisorKind, Sighting] {
  for (const process of above) {
    const seen = { ...about, ...process };
    const kind = [...SUPERVISORS, CONTAINER].find(({ is }) => is.test(process.args.join(' ')));
    // A login is below systemd, too.
    if (kind && (kind.name !== 'systemd' || kind.service(seen) !== null)) return [kind, seen];
  }
  const first = above.at(-1) ?? { args: [], directory: '/' };
  return [NOBODY.is.test(first.args.join(' ')) ? NOBODY : CONTAINER, { ...about, ...first }];
}

export function isWithoutUnit(error: unknown): error is ReleasesError {
  return error instanceof ReleasesError && error.code === 'supervisor_not_found';
}

/** Adds to an error about a missing unit who runs the gateway, if one runs. */
export function namingOtherSupervisor(error: ReleasesError, env?: NodeJS.ProcessEnv): ReleasesError {
  const [other] = findOtherSupervisors(env);
  if (!other) return error;
  const { name, service, gateway, needsRelease, commands } = other;
  const as = service === null ? '' : `, as ${service}`;
  return new ReleasesError(
    'supervisor_not_found',
    `${error.message} ${name} runs process ${gateway}, a gateway${as}.`,
    {
      hint: needsRelease
        ? 'openclaw-releases adopt --dry-run, which prints the lines to change'
        : (commands[0] ?? ''),
      cause: error,
    },
  );
}
