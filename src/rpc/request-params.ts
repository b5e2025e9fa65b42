import { type ChangeKind, IDLE_WITHIN_MS, type PlanOptions } from '../ledger/plan.js';
import {
  type Field,
  field,
  flag,
  integer,
  optionalText,
  readFields,
  refuse,
  text,
  type Values,
} from './params.js';
import { type Asked, type DeliveryContext, digestOfKey } from './requests/requests.js';

const DAY_MS = 24 * 60 * 60_000;

/** Milliseconds; a shorter change could not undo its steps. OpenClaw has the same minimum. */
const LEAST_TIME_MS = 1_000;

const named = optionalText(512);

/** Some channels have numeric threads. */
const threadId = field('a string of at most 512 characters or a number', (value) => {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value.length <= 512 ? value.trim() || null : undefined;
});

const deliveryContext: Field<(DeliveryContext & { threadId?: string | null }) | null> = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(name, 'an object with channel, to, accountId and threadId', value);
  }
  const within = { channel: named, to: named, accountId: named, threadId };
  const fields = Object.fromEntries(
    Object.entries(within).map(([key, read]) => [key, (part: unknown) => read(part, `${name}.${key}`)]),
  );
  const found = readFields(value, fields, name);
  return Object.fromEntries(Object.entries(found).filter(([, part]) => part !== null));
};

/** Parameters of every method that makes a change; the names are OpenClaw's. */
export const ASKED_FIELDS = {
  note: optionalText(2_000),
  sessionKey: named,
  deliveryContext,
  threadId,
  continuationMessage: optionalText(10_000),
  restartDelayMs: integer(0, DAY_MS, 'milliseconds'),
  skipDeferral: flag,
  timeoutMs: integer(1, DAY_MS, 'milliseconds'),
  idempotencyKey: text(256),
};

type AskedValues = Values<typeof ASKED_FIELDS>;

export function askedOf(values: AskedValues, by: string | null): Asked {
  const { threadId: within = null, ...context } = values.deliveryContext ?? {};
  return {
    by,
    note: values.note ?? null,
    sessionKey: values.sessionKey ?? null,
    deliveryContext: Object.keys(context).length === 0 ? null : context,
    threadId: values.threadId ?? within,
    continuationMessage: values.continuationMessage ?? null,
  };
}

export function timesOf(
  kind: ChangeKind,
  { skipDeferral, restartDelayMs: countdownMs = 0, timeoutMs }: AskedValues,
): PlanOptions {
  const usual = kind === 'rollback' ? IDLE_WITHIN_MS.rollback : IDLE_WITHIN_MS.gateway;
  const withinMs = skipDeferral ? 0 : usual;
  return {
    initiator: 'gateway',
    // No wait and no countdown means no announcement.
    ...(withinMs + countdownMs > 0 && { idle: { withinMs, countdownMs } }),
    ...(timeoutMs !== undefined && { timeoutMs: Math.max(LEAST_TIME_MS, timeoutMs) }),
  };
}

export function keyOf({ idempotencyKey }: AskedValues): string | null {
  return idempotencyKey === undefined ? null : digestOfKey(idempotencyKey);
}
