import { compareVersions } from '../core/version.js';
import { parseSpan } from '../host/systemd/format.js';
import type { ServiceSettings, Setting } from '../host/systemd/unit-file.js';

/** Value in force of a setting. */
type Own = (key: string) => string | undefined;

/** A setting that `openclaw gateway install` writes from a version on, and the test of an older unit's own value. */
interface Asked extends Setting {
  since: string;
  isEnough(own: Own): boolean;
}

/** As the units that 2026.5.28 to 2026.9.6 write differ; an older value cuts off what a newer gateway drains. */
const ASKED: readonly Asked[] = [
  {
    since: '2026.7.1',
    key: 'OOMPolicy',
    value: 'continue',
    isEnough: (own) => own('OOMPolicy') !== undefined,
  },
  {
    since: '2026.8.1',
    key: 'TimeoutStopSec',
    value: '330',
    isEnough: (own) => limit(own, 'Stop') >= 330_000,
  },
  { since: '2026.9.3', key: 'KillMode', value: 'mixed', isEnough: (own) => own('KillMode') === 'mixed' },
  { since: '2026.9.5', key: 'StartLimitBurst', value: '10', isEnough: hasOwnStartLimit },
  { since: '2026.9.5', key: 'StartLimitIntervalSec', value: '300', isEnough: hasOwnStartLimit },
  // Our launcher may copy a whole state before the gateway is ready; a limit that ends it would do so each time.
  {
    since: '',
    key: 'TimeoutStartSec',
    value: '1h',
    isEnough: (own) => !isAwaited(own) || limit(own, 'Start') >= 3_600_000,
  },
];

/** True for a limit that a person chose: neither that of older units, nor none at all. */
function hasOwnStartLimit(own: Own): boolean {
  const burst = own('StartLimitBurst') ?? '5';
  // systemd still reads the older name.
  const interval = own('StartLimitIntervalSec') ?? own('StartLimitInterval') ?? '60';
  return burst !== '5' || spanOf(interval) !== 60_000;
}

/** True where the start lasts until the gateway answers; a simple service has started once its process runs. */
function isAwaited(own: Own): boolean {
  return /^notify/.test(own('Type') ?? '') || own('ExecStartPost') !== undefined;
}

function limit(own: Own, of: 'Start' | 'Stop'): number {
  return spanOf(own(`Timeout${of}Sec`) ?? own('TimeoutSec'));
}

function spanOf(value = '90'): number {
  if (value === '0') return Number.POSITIVE_INFINITY;
  return parseSpan(/^\d+$/.test(value) ? `${value}s` : value.replace(/(\d)\s*(sec|seconds?)\b/g, '$1s'));
}

export function missingPolicy({ assigned }: Pick<ServiceSettings, 'assigned'>, version: string): Setting[] {
  const own: Own = (key) => assigned[key]?.at(-1);
  return ASKED.filter(
    ({ since, isEnough }) => (since === '' || compareVersions(version, since) >= 0) && !isEnough(own),
  ).map(({ key, value }) => ({ key, value }));
}
