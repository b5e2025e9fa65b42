import { isRecord, member } from '../core/json.js';
import type { Door } from './endpoint.js';
import { askGateway } from './rpc-client.js';

/** Milliseconds; a gateway at the begin of a turn answers late. */
const TIMEOUT_MS = 5000;
const MOST = 20;
const LONGEST_NAME = 80;

/**
 * Names the sessions and tasks at work in a gateway, and since when, such as `session agent:main:main since 12:03:07`.
 * Empty when it does not answer. Never throws.
 */
export async function namedWork(endpoint: Door): Promise<string[]> {
  const list = async (method: string, params: object, of: string) => {
    const { payload } = await askGateway(endpoint, { method, params }, TIMEOUT_MS);
    const rows = member(payload, of);
    return Array.isArray(rows) ? rows.filter(isRecord) : [];
  };
  const [sessions, tasks] = await Promise.all([
    list('sessions.list', { limit: 100 }, 'sessions'),
    list('tasks.list', { status: 'running', limit: MOST }, 'tasks'),
  ]);
  const running = sessions.filter(({ hasActiveRun }) => hasActiveRun === true);
  return [
    ...running.map(
      ({ key, startedAt, lastInteractionAt }) =>
        `session ${named(key)}${since(startedAt ?? lastInteractionAt)}`,
    ),
    ...tasks.map(({ title, id, startedAt }) => `task ${named(title ?? id)}${since(startedAt)}`),
  ].slice(0, MOST);
}

function named(text: unknown): string {
  return typeof text === 'string' && text !== '' ? text.slice(0, LONGEST_NAME) : 'without a name';
}

/** @param at milliseconds since the epoch */
function since(at: unknown): string {
  if (typeof at !== 'number' || !Number.isFinite(at) || Math.abs(at) > 8.64e15) return '';
  return ` since ${new Date(at).toISOString().slice(0, 19)}Z`;
}
