import { exclusive } from '../../change/exclusive.js';
import { size } from '../../core/size.js';
import { LEAVE_FREE_BYTES, type Retention, readPolicy, setRetention } from '../../store/policy.js';
import { KEEP_RELEASES } from '../../store/prune.js';
import { command } from '../command.js';
import { parseBytes, parseCount } from '../parse.js';
import { table } from '../table.js';

type Options = Retention & { defaults?: boolean };

const DEFAULTS = { releases: undefined, bytes: undefined, leaveFree: undefined };
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
    .option('--defaults', 'forget what was set before')
    .acts(async ({ environment }, { releases, bytes, leaveFree, defaults }: Options) => {
      const { root } = environment;
      const named = Object.entries({ releases, bytes, leaveFree }).filter(([, value]) => value !== undefined);
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
function withDefaults({ releases = KEEP_RELEASES, bytes, leaveFree = LEAVE_FREE_BYTES }: Retention) {
  return { releases, bytes: bytes ?? null, leaveFree };
}

function retentionText(retention: Retention): string {
  const { releases, bytes, leaveFree } = withDefaults(retention);
  const of = 'releases and the copies of the state kept for them';
  const most = bytes === null ? 'no limit in bytes' : `${size(bytes)}, ${of}`;
  return table([
    ['kept', `the newest ${releases} releases, and what something needs`],
    ['at most', most],
    ['left free', `${size(leaveFree)} at least, when a release is staged`],
  ]);
}
