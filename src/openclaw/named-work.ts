import { isRecord, member } from '../core/json.js';
import { oneLine } from '../core/printable.js';
import type { Door } from './endpoint.js';
import { askGateway } from './rpc-client.js';

/** Milliseconds; a gateway at the begin of a turn answers late. */
const TIMEOUT_MS = 5000;
const MOST = 20;
const LONGEST_NAME = 80;

/**
 * Names the sessions and tasks at work in a gateway, and since when, such as `session agent:main:main since 12:03:07`.
 * Empty when it does not answer. Of numbers of telephones and chats only the end is shown.
 * @param redact takes out the gateway's secrets
 */
export async function namedWork(endpoint: Door, redact: (text: string) => string): Promise<string[]> {
  const named = (text: unknown) =>
    typeof text === 'string' && text.trim() !== ''
      ? oneLine(withoutNumbers(redact(text)), LONGEST_NAME)
      : 'without a name';
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

function withoutNumbers(text: string): string {
  return text.replace(/\+?\d{5,}(?=\d\d)/g, '…');
}

/** @param at milliseconds since the epoch */
function since(at: unknown): string {
  if (typeof at !== 'number' || !Number.isFinite(at) || Math.abs(at) > 8.64e15) return '';
  return ` since ${new Date(at).toISOString().slice(0, 19)}Z`;
}
