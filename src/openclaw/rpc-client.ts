import { randomUUID } from 'node:crypto';
import type { Endpoint } from './endpoint.js';

/** What we can talk: every version until now, and more than there is yet, so that a newer one chooses. */
const PROTOCOLS = { minProtocol: 1, maxProtocol: 9 };

/** As its own back end presents itself on loopback, where the token alone is enough: no device has to be paired. */
const CLIENT = { id: 'gateway-client', mode: 'backend', version: '1', platform: process.platform };

/** Bytes; a frame of the answers that are asked for here has a few hundred, the greeting some thousands. */
const LARGEST = 2 ** 20;

interface Frame {
  type?: unknown;
  id?: unknown;
  ok?: unknown;
  payload?: unknown;
}

/**
 * Asks a gateway one thing by its own protocol, as an operator who may only read, with the shared token. Resolves
 * with its answer; null when there is none in time, or it says no. Never throws.
 * @param timeoutMs for all of it together
 */
export async function callGateway(endpoint: Endpoint, method: string, timeoutMs: number): Promise<unknown> {
  if (endpoint.token === null) return null;
  // Few commands need it.
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(endpoint.url.replace(/^http/, 'ws'), { maxPayload: LARGEST });
  const { token } = endpoint;
  return new Promise((resolve) => {
    const end = (answer: unknown) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), timeoutMs);
    const ask = (name: string, params: object): string => {
      const id = randomUUID();
      socket.send(JSON.stringify({ type: 'req', id, method: name, params }));
      return id;
    };
    let greeting: string | undefined;
    let question: string | undefined;
    socket.on('error', () => end(null));
    socket.on('close', () => end(null));
    socket.on('open', () => {
      const scopes = ['operator.read'];
      greeting = ask('connect', { ...PROTOCOLS, client: CLIENT, role: 'operator', scopes, auth: { token } });
    });
    socket.on('message', (data) => {
      const { type, id, ok, payload } = parse(String(data));
      if (type !== 'res' || id === undefined) return;
      if (ok !== true) end(null);
      else if (id === question) end(payload);
      else if (id === greeting) question = ask(method, {});
    });
  });
}

function parse(text: string): Frame {
  try {
    return (JSON.parse(text) ?? {}) as Frame;
  } catch {
    return {};
  }
}
