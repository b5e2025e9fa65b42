import { ReleasesError } from '../core/errors.js';
import { parseSpec } from '../registry/spec.js';
import { type Field, refuse, text } from './params.js';

/** OpenClaw's channels as tags of its package; extended-stable has no tag of its own and follows stable. */
const CHANNELS: Record<string, string> = { stable: 'latest', beta: 'beta', 'extended-stable': 'latest' };

const spec = text(128);

/** Refuses a file: the disk of the host is only for a person with a shell there. */
export const target: Field<string> = (value, name) => {
  const named = spec(value, name);
  const parsed = parseSpec(named);
  if (parsed.kind !== 'file') return named;
  const hint = `On the host itself: openclaw-releases update ${named}`;
  throw refuse(name, 'a version or a dist-tag', value, hint);
};

const tag: Field<string> = (value, name) => {
  const named = target(value, name);
  if (parseSpec(named).kind === 'tag') return named;
  throw refuse(name, 'a dist-tag such as latest', value, `Give it as target: {"target":"${named}"}`);
};

const CHANNEL = 'stable, beta or extended-stable';
const DEV = 'dev is built from a checkout and is no release; the newest published one is {"channel":"beta"}.';

const channel: Field<string> = (value, name) => {
  if (value === 'dev') throw refuse(name, CHANNEL, value, DEV);
  const named = typeof value === 'string' && Object.hasOwn(CHANNELS, value) ? CHANNELS[value] : undefined;
  if (named !== undefined) return named;
  throw refuse(name, CHANNEL, value);
};

export const TARGET_FIELDS = { target, tag, channel };

/** Defaults to `latest`. @throws ReleasesError `params_invalid` when more than one of the three is given */
export function targetOf(values: { target?: string; tag?: string; channel?: string }): string {
  const given = (['target', 'tag', 'channel'] as const).filter((name) => values[name] !== undefined);
  if (given.length > 1) {
    const sentence = `Only one of target, tag and channel may say what to update to, and ${given.join(' and ')} came.`;
    throw new ReleasesError('params_invalid', sentence);
  }
  return values.target ?? values.tag ?? values.channel ?? 'latest';
}
