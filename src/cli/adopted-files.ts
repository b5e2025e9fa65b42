import {
  findOtherSupervisors,
  type OtherSupervisor,
  otherSupervisorLines,
} from '../adopt/other-supervisor.js';
import {
  isOwn,
  restoreSupervisorFiles,
  type SupervisorFiles,
  writeSupervisorFiles,
} from '../adopt/supervisor-files.js';
import { exclusive } from '../change/exclusive.js';
import { ReleasesError } from '../core/errors.js';
import { releaseDirectory } from '../store/manifest.js';
import { resolveReleaseName } from '../views/release.js';
import { acting } from './command.js';
import type { CommonOptions } from './session.js';

/** Changes the files of another supervisor. The operator has it read them, because that restarts the gateway. */
export const adoptFiles = acting(async ({ environment }, _: CommonOptions) => {
  const { root } = environment;
  releaseDirectory(root, resolveReleaseName(root, 'current'));
  const found = findOtherSupervisors();
  // The superuser sees the gateways of all users.
  const own = found.filter(({ gateway }) => isOwn(gateway));
  const other = onlySupervisor(own.length > 0 ? own : found);
  const written = await exclusive(environment, { doing: 'adopt --write', recover: false }, () =>
    writeSupervisorFiles(root.path, other),
  );
  return {
    document: documentOf(written),
    text: () =>
      ['Wrote these lines. Next, type the commands below them.', ...otherSupervisorLines(other)].join('\n'),
  };
});

/** Puts the files back that `adoptFiles` changed. */
export const leaveFiles = acting(async ({ environment }, _: CommonOptions) => {
  const left = await exclusive(environment, { doing: 'unadopt', recover: false }, () =>
    restoreSupervisorFiles(environment.root.path),
  );
  const document = left ? documentOf(left) : {};
  const lines = left ? [...left.files.map(({ path }) => path), '', ...left.commands] : [];
  return {
    document,
    text: () =>
      ['These files are as they were. Next, type the commands below them.', '', ...lines].join('\n'),
  };
});

function documentOf({ supervisor, writes, commands }: SupervisorFiles) {
  return { supervisor, files: writes.map(({ path }) => path), commands };
}

function onlySupervisor([other, ...more]: OtherSupervisor[]): OtherSupervisor {
  if (!other) {
    throw new ReleasesError('supervisor_not_found', 'No gateway runs that this user can see.', {
      hint: 'openclaw-releases run',
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
