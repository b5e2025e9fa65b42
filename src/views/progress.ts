import { duration } from '../core/duration.js';
import { size } from '../core/size.js';
import type { Progress } from '../ledger/progress.js';

/** `unpacking, 62 %, 45 MiB, 3.1 MiB/s, 14 s left`, for every face. */
export function progressText({ text, done, total, bytes, bytesPerSecond, leftMs }: Progress): string {
  const parts = [
    text,
    done !== undefined && total ? `${Math.min(100, Math.floor((100 * done) / total))} %` : null,
    bytes ? size(bytes) : null,
    bytesPerSecond ? `${size(bytesPerSecond)}/s` : null,
    leftMs === undefined ? null : `${duration(Math.ceil(leftMs / 1000) * 1000)} left`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
