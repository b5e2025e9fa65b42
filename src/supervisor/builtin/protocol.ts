import {
  ERROR_CODES,
  type ErrorCode,
  type ErrorRecord,
  ReleasesError,
  toErrorRecord,
} from '../../core/errors.js';
import { isRecord } from '../../core/json.js';
import { type OutsideProgram, parseProgram } from '../../host/outside-program.js';
import type { Inspection } from '../supervisor.js';

/** Protocol of `run.sock`: one line of JSON each way, then the connection ends. */
export type Request =
  | { cmd: 'inspect' }
  | { cmd: 'restart'; stopLimitMs?: number }
  | ({ cmd: 'outside' } & OutsideProgram);

/** Includes the limit, so that a client knows how long a restart may take. */
export type InspectResult = Inspection & { stopLimitMs: number };

export type Reply = { ok: true; result: unknown } | { ok: false; error: ErrorRecord };

/** Bytes of a request, its newline included. */
export const REQUEST_LIMIT = 64 * 1024;

/** Limit longer than any gateway drains (OpenClaw: 330 s) and short enough for a timer. */
const STOP_LIMIT_MAX_MS = 3_600_000;

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** Checks a request that any local program of this user may have written. @throws ReleasesError `usage` */
export function parseRequest(line: string): Request {
  const request = parseObject(line);
  if (!request) throw new ReleasesError('usage', 'The request is not one JSON object on one line.');
  const { cmd, stopLimitMs } = request;
  if (cmd === 'inspect') return { cmd };
  if (cmd === 'outside') return { cmd, ...parseProgram(request) };
  if (cmd !== 'restart') {
    throw new ReleasesError('usage', `The command ${JSON.stringify(cmd) ?? '(none)'} is unknown.`, {
      hint: 'The commands are "inspect", "restart" and "outside".',
    });
  }
  if (stopLimitMs === undefined) return { cmd };
  if (typeof stopLimitMs === 'number' && stopLimitMs >= 0 && stopLimitMs <= STOP_LIMIT_MAX_MS) {
    return { cmd, stopLimitMs };
  }
  throw new ReleasesError('usage', `stopLimitMs must be a number from 0 to ${STOP_LIMIT_MAX_MS}.`);
}

export function formatReply(reply: Reply): string {
  return `${JSON.stringify(reply)}\n`;
}

export function formatError(error: unknown): string {
  return formatReply({ ok: false, error: toErrorRecord(error) });
}

function toError(record: unknown): ReleasesError | null {
  if (!isRecord(record) || typeof record.message !== 'string' || typeof record.code !== 'string') return null;
  // A supervisor of another version may send unknown codes.
  const code = Object.hasOwn(ERROR_CODES, record.code) ? (record.code as ErrorCode) : 'supervisor_failed';
  const { hint, untouched } = record;
  return new ReleasesError(code, record.message, {
    ...(typeof hint === 'string' && { hint }),
    ...(typeof untouched === 'string' && { untouched }),
  });
}

/**
 * Reads the answer of a supervisor, which may be of another version.
 * @throws ReleasesError the supervisor's own error, or `supervisor_failed` for an invalid answer
 */
export function parseReply(line: string): unknown {
  const reply = parseObject(line);
  if (reply?.ok === true && isRecord(reply.result)) return reply.result;
  throw (
    toError(reply?.error) ??
    new ReleasesError('supervisor_failed', 'The supervisor ended the connection without an answer.')
  );
}
