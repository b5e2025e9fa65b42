import { oneLine } from '../core/printable.js';
import type { Door } from './endpoint.js';
import { askGateway } from './rpc-client.js';

const TIMEOUT_MS = 3000;

/** Singular and plural for the kinds that OpenClaw reports; an unknown kind keeps its name. */
const WORDS = new Map<string, readonly [string, string]>(
  Object.entries({
    'embedded-run': ['agent run', 'agent runs'],
    'chat-run': ['chat turn', 'chat turns'],
    'queued-turn': ['queued chat turn', 'queued chat turns'],
    'session-admission': ['turn of a session', 'turns of sessions'],
    'session-mutation': ['change of a session', 'changes of sessions'],
    'terminal-persistence': ['write of a session', 'writes of sessions'],
    task: ['task', 'tasks'],
    reply: ['reply on its way', 'replies on their way'],
    queue: ['queued operation', 'queued operations'],
    'cron-run': ['scheduled run', 'scheduled runs'],
    'background-exec': ['command in the background', 'commands in the background'],
    'root-request': ['request', 'requests'],
  }),
);

const MOST_KINDS = 10;
const LONGEST_KIND = 40;

/**
 * Lists why a gateway is busy, a few words each (`2 agent runs`), from its own check before a restart. Empty when it is
 * idle; null when it has no such method, refuses the token or does not answer in time. Never throws.
 */
export async function sampleActivity(endpoint: Door, timeoutMs = TIMEOUT_MS): Promise<string[] | null> {
  return activityIn((await askGateway(endpoint, { method: 'gateway.restart.preflight' }, timeoutMs)).payload);
}

export function activityIn(answer: unknown): string[] | null {
  const { safe, blockers } = (answer ?? {}) as { safe?: unknown; blockers?: unknown };
  if (safe === true) return [];
  return safe === false ? workIn(blockers) : null;
}

/** Names the work that keeps a gateway busy, from the `blockers` of its answer. Never empty. */
export function workIn(blockers: unknown): string[] {
  const counts = new Map<string, number>();
  for (const blocker of Array.isArray(blockers) ? blockers : []) {
    const { kind, count } = (blocker ?? {}) as { kind?: unknown; count?: unknown };
    if (typeof kind !== 'string') continue;
    counts.set(kind, (counts.get(kind) ?? 0) + (Number.isInteger(count) ? Number(count) : 1));
  }
  const named = [...counts].slice(0, MOST_KINDS).map(([kind, count]) => describe(kind, count));
  return named.length > 0 ? named : ['work of its own'];
}

function describe(kind: string, count: number): string {
  const [one, several] = WORDS.get(kind) ?? [kind, kind];
  return `${count} ${oneLine(count === 1 ? one : several, LONGEST_KIND)}`;
}
