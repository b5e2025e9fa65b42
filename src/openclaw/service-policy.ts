import { compareVersions } from '../core/version.js';
import { parseSpan } from '../host/systemd/format.js';
import type { ServiceSettings, Setting } from '../host/systemd/unit-file.js';

/** A setting that `openclaw gateway install` writes from a version on, and the test of an older unit's own value. */
interface Asked extends Setting {
  since: string;
  isEnough(value: string | undefined): boolean;
}

/** As the units that 2026.5.28 to 2026.9.6 write differ; an older value cuts off what a newer gateway drains. */
const ASKED: readonly Asked[] = [
  { since: '2026.7.1', key: 'OOMPolicy', value: 'continue', isEnough: (value) => value !== undefined },
  { since: '2026.8.1', key: 'TimeoutStopSec', value: '330', isEnough: (value) => spanOf(value) >= 330_000 },
  { since: '2026.9.3', key: 'KillMode', value: 'mixed', isEnough: (value) => value === 'mixed' },
];

function spanOf(value = '90'): number {
  if (value === '0') return Number.POSITIVE_INFINITY;
  return parseSpan(/^\d+$/.test(value) ? `${value}s` : value.replace(/(\d)\s*(sec|seconds?)\b/g, '$1s'));
}

export function missingPolicy({ assigned }: Pick<ServiceSettings, 'assigned'>, version: string): Setting[] {
  return ASKED.filter(({ since, key, isEnough }) => {
    const own = assigned[key]?.at(-1) ?? (key === 'TimeoutStopSec' ? assigned.TimeoutSec?.at(-1) : undefined);
    return compareVersions(version, since) >= 0 && !isEnough(own);
  }).map(({ key, value }) => ({ key, value }));
}
