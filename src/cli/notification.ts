import { hostname } from 'node:os';
import { exec, problemOf } from '../host/exec.js';
import type { ChangeDocument } from '../views/change.js';

/** Document that a program gets on standard input, and an address as the body of a POST. */
export interface Notification {
  schema: 1;
  event: 'change' | 'waiting' | 'damaged' | 'test';
  /** One sentence for people; the name is what chat services show. */
  text: string;
  host: string;
  root: string;
  /** Null unless `event` is `change`. */
  change: ChangeDocument | null;
}

const WITHIN_MS = 20_000;

export function notification(
  root: string,
  event: Notification['event'],
  sentence: string,
  change: ChangeDocument | null = null,
): Notification {
  const host = hostname();
  return { schema: 1, event, text: `OpenClaw on ${host}: ${sentence}`, host, root, change };
}

/** Returns null, or why it failed, to be read after "because". */
export async function send(target: string, document: Notification): Promise<string | null> {
  const body = JSON.stringify(document);
  return target.startsWith('/') ? run(target, document, body) : post(target, body);
}

/** The variables spare a shell script the JSON. */
async function run(program: string, { event, text, change }: Notification, input: string) {
  const env = {
    ...process.env,
    NOTIFY_EVENT: event,
    NOTIFY_TEXT: text,
    NOTIFY_STATUS: change?.status ?? event,
    NOTIFY_OK: (change === null ? event === 'test' : change.error === null) ? '1' : '0',
  };
  const ended = await exec(program, [], { env, input, timeoutMs: WITHIN_MS });
  return ended.ok ? null : `the program failed (${problemOf(ended)})`;
}

/** Names neither address nor answer: both may hold a secret. */
async function post(address: string, body: string): Promise<string | null> {
  try {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(WITHIN_MS);
    const { ok, status } = await fetch(address, { method: 'POST', body, headers, signal });
    return ok ? null : `the address answered with ${status}`;
  } catch (error) {
    const { cause, name } = error as Error;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    return name === 'TimeoutError'
      ? 'the address did not answer in time'
      : `the address cannot be reached (${code ?? name})`;
  }
}

/** A target as it may be shown: the path of an address often is its secret. */
export function shownTarget(target: string): string {
  return target.startsWith('/') ? target : `${new URL(target).origin}/…`;
}
