import { Option } from 'commander';
import { exclusive } from '../../change/exclusive.js';
import { size } from '../../core/size.js';
import {
  LEAVE_FREE_BYTES,
  type Retention,
  readPolicy,
  type Share,
  setRetention,
} from '../../store/policy.js';
import { KEEP_RELEASES } from '../../store/prune.js';
import { command } from '../command.js';
import { parseBytes, parseCount } from '../parse.js';
import { table } from '../table.js';

type Options = Retention & { defaults?: boolean };

const DEFAULTS = { releases: undefined, bytes: undefined, leaveFree: undefined, share: undefined };
const WAY_TEXTS: Record<Share, string> = {
  auto: 'shared with kept releases: blocks where the filesystem can, else files',
  reflink: 'shared with kept releases where the filesystem shares blocks',
  none: 'shared with no other release',
};
const WAYS = Object.keys(WAY_TEXTS);
const BYTES = 'the most that releases and the copies of the state kept for them may take';

export const retentionCommand = () =>
  command(
    'retention',
    'show or set how much is kept after an update, and by prune',
    'openclaw-releases retention --releases 3 --bytes 4GiB',
  )
    .option('--releases <count>', 'newest releases to keep, whether anything needs them or not', parseCount)
    .option('--bytes <amount>', BYTES, parseBytes)
    .option('--leave-free <amount>', 'what staging must leave free on the filesystem', parseBytes)
    .addOption(
      new Option('--share <how>', 'how a new release shares dependencies with kept ones').choices(WAYS),
    )
    .option('--defaults', 'forget what was set before')
    .acts(async ({ environment }, { releases, bytes, leaveFree, share, defaults }: Options) => {
      const { root } = environment;
      const named = Object.entries({ releases, bytes, leaveFree, share }).filter(
        ([, value]) => value !== undefined,
      );
      const changes = { ...(defaults && DEFAULTS), ...Object.fromEntries(named) };
      const { retention = {} } =
        Object.keys(changes).length === 0
          ? readPolicy(root)
          : await exclusive(environment, { doing: 'retention', recover: false }, () =>
              setRetention(root, changes),
            );
      return { document: { retention: withDefaults(retention) }, text: () => retentionText(retention) };
    });

/** `bytes` is null when there is no limit. */
function withDefaults({
  releases = KEEP_RELEASES,
  bytes,
  leaveFree = LEAVE_FREE_BYTES,
  share = 'auto',
}: Retention) {
  return { releases, bytes: bytes ?? null, leaveFree, share };
}

function retentionText(retention: Retention): string {
  const { releases, bytes, leaveFree, share } = withDefaults(retention);
  const of = 'releases and the copies of the state kept for them';
  const most = bytes === null ? 'no limit in bytes' : `${size(bytes)}, ${of}`;
  return table([
    ['kept', `the newest ${releases} releases, and what something needs`],
    ['at most', most],
    ['left free', `${size(leaveFree)} at least, when a release is staged`],
    ['dependencies', WAY_TEXTS[share]],
  ]);
}
