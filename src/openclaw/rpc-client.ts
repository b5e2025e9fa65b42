import { randomUUID } from 'node:crypto';
import type { Door } from './endpoint.js';

/** All protocol versions so far and future ones, so that a newer gateway can choose. */
const PROTOCOLS = { minProtocol: 1, maxProtocol: 9 };

/** Identity of OpenClaw's own back end: on loopback it needs the token alone, and no paired device. */
const CLIENT = { id: 'gateway-client', mode: 'backend', version: '1', platform: process.platform };

const LARGEST = 2 ** 20;

interface Frame {
  type?: unknown;
  id?: unknown;
  ok?: unknown;
  payload?: unknown;
}

/**
 * Calls one method of a gateway with the shared token, as an operator who may only read. Resolves with null when it
 * refuses or does not answer in time. Never throws.
 * @param timeoutMs for connection and call together
 */
export async function callGateway(endpoint: Door, method: string, timeoutMs: number): Promise<unknown> {
  if (endpoint.token === null) return null;
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(endpoint.url.replace(/^http/, 'ws'), {
    maxPayload: LARGEST,
    rejectUnauthorized: false,
  });
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
