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

/** Requests for a status of releases, by the names that 2026.9 gives to requests. A restart cuts nothing off by them. */
const LOOK = /\bws:(?:releases\.(?:list|show|status|history|timer|verify)|update\.status)\b/g;

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

/**
 * Names the work that keeps a gateway busy, from the `blockers` of its answer. Empty only when each of them is a look at
 * releases: on a slow host it takes seconds, and a client that polls would keep every restart waiting.
 */
export function workIn(blockers: unknown): string[] {
  const counts = new Map<string, number>();
  for (const blocker of Array.isArray(blockers) ? blockers : []) {
    const { kind, count, message } = (blocker ?? {}) as {
      kind?: unknown;
      count?: unknown;
      message?: unknown;
    };
    if (typeof kind !== 'string') continue;
    const looks = kind === 'root-request' ? (String(message).match(LOOK)?.length ?? 0) : 0;
    counts.set(kind, (counts.get(kind) ?? 0) + (Number.isInteger(count) ? Number(count) : 1) - looks);
  }
  const busy = [...counts].filter(([, count]) => count > 0).slice(0, MOST_KINDS);
  return counts.size > 0 ? busy.map(([kind, count]) => describe(kind, count)) : ['work of its own'];
}

function describe(kind: string, count: number): string {
  const [one, several] = WORDS.get(kind) ?? [kind, kind];
  return `${count} ${oneLine(count === 1 ? one : several, LONGEST_KIND)}`;
}
