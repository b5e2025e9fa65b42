import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TOKEN } from '../lab/gateway.js';
import { until } from '../support/place.js';
import type { Login } from './openclaw-install.js';

/** Unit that `openclaw gateway install` writes for the default profile. */
export const UNIT = 'openclaw-gateway.service';

/** Key of the tests' session, the same in all versions. */
const SESSION = 'agent:main:kept';

/** Address of a gateway, and what it is a unit of. */
export interface GatewayPlace {
  unit: string;
  scope: 'user' | 'system';
  host: string;
  port: number;
  /** State directory. */
  state: string;
  /** Root of our releases. */
  root: string;
  /** The default one unless given. */
  profile?: string;
}

/** A gateway of real OpenClaw under its unit, as its clients see it. */
export interface OpenClaw extends GatewayPlace, Login {
  /** Version that the answering gateway reports, or null. */
  version(): Promise<string | null>;
  ready(version: string): Promise<void>;
  /** Does something, and measures the longest time in which a client got no answer; to about 0.1 s. */
  outageDuring<T>(work: () => Promise<T>): Promise<{ done: T; outageMs: number }>;
  /** Opens the session of the tests; once for a state, and only by a version that pairs automatically, as 2026.5.28 does. */
  openSession(): Promise<void>;
  /** Has the agent say something in that session. */
  say(text: string): Promise<void>;
  /** Everything that was said in it, as the gateway tells it; nothing when it knows of no such session. */
  said(): Promise<string[]>;
}

interface Answered {
  ok: boolean;
  status: number;
  json: Record<string, unknown> | null;
}

/**
 * Clients of a gateway that is somewhere; it need not run yet.
 * @param login of the user whose gateway it is
 */
export function openclawAt(login: Login, place: GatewayPlace): OpenClaw {
  const { host, port, root, profile } = place;
  const get = async (path: string): Promise<Answered | null> => {
    const response = await fetch(`http://${host}:${port}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, connection: 'close' },
      signal: AbortSignal.timeout(2_000),
    }).catch(() => null);
    const json = (await response?.json().catch(() => null)) as Record<string, unknown> | null;
    return response && { ok: response.ok, status: response.status, json };
  };
  // Older versions have no other page that says it.
  const version = async () =>
    ((await get('/__openclaw/control-ui-config.json'))?.json?.serverVersion as string | undefined) ?? null;
  const ready = (wanted: string) =>
    until(
      `OpenClaw ${wanted} is ready`,
      async () => (await get('/readyz'))?.ok === true && (await version()) === wanted,
      60_000,
    );
  const outageDuring = async <T>(work: () => Promise<T>) => {
    let over = false;
    const working = work().finally(() => {
      over = true;
    });
    // The caller that awaits it below reports this.
    working.catch(() => {});
    let answeredAt = performance.now();
    let outageMs = 0;
    while (!over) {
      const answered = (await get('/healthz'))?.ok === true;
      const now = performance.now();
      outageMs = Math.max(outageMs, now - answeredAt);
      if (answered) answeredAt = now;
      await setTimeout(50);
    }
    return { done: await working, outageMs };
  };
  // The command of the release that is current: an older one speaks another protocol.
  const program = `${join(root, 'bin/openclaw')}${profile ? ` --profile ${profile}` : ''}`;
  const call = (method: string, parameters: object, reject = true) =>
    login.run(
      `${program} gateway call ${method} --url ws://${host}:${port} --token ${TOKEN} --json ` +
        `--params '${JSON.stringify(parameters)}'`,
      { reject },
    );
  const inject = { sessionKey: SESSION };
  return {
    ...login,
    ...place,
    ...{ version, ready, outageDuring },
    async openSession() {
      // Nobody is there to hear it; but the first caller is paired, with the rights that this call needs.
      await call('chat.inject', { ...inject, message: 'Is anybody there?' }, false);
      await call('sessions.create', { key: SESSION });
    },
    async say(text) {
      await call('chat.inject', { ...inject, message: text });
    },
    async said() {
      const answer = await get(`/sessions/${encodeURIComponent(SESSION)}/history`);
      if (answer?.status === 404) return [];
      if (!answer?.json || !answer.ok)
        throw new Error(`The gateway does not tell what was said: ${answer?.status}`);
      const messages = answer.json.messages as { content: { text: string }[] }[];
      return messages.flatMap(({ content }) => content.map(({ text }) => text));
    },
  };
}
