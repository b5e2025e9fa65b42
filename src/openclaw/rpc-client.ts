import { randomUUID } from 'node:crypto';
import { oneLine } from '../core/printable.js';
import type { Door } from './endpoint.js';

/** All protocol versions so far and future ones, so that a newer gateway can choose. */
const PROTOCOLS = { minProtocol: 1, maxProtocol: 9 };

/** Identity of OpenClaw's own back end: on loopback it needs the token alone, and no paired device. */
const CLIENT = { id: 'gateway-client', mode: 'backend', version: '1', platform: process.platform };

const LARGEST = 2 ** 20;

export interface Question {
  method: string;
  params?: object;
  /** `operator.read` when absent. */
  scope?: 'operator.read' | 'operator.admin';
}

/** Answer of a gateway, or its refusal; both null when it does not answer in time, or not in its protocol. */
export interface Reply {
  payload: unknown;
  refusal: string | null;
}

const SILENCE: Reply = { payload: null, refusal: null };

interface Frame {
  type?: unknown;
  id?: unknown;
  ok?: unknown;
  payload?: unknown;
  error?: unknown;
}

/**
 * Calls one method of a gateway with the shared token, as an operator with no more rights than it needs. Never throws.
 * @param timeoutMs for connection and call together
 */
export async function askGateway(endpoint: Door, question: Question, timeoutMs: number): Promise<Reply> {
  if (endpoint.token === null) return SILENCE;
  const { method, params = {}, scope = 'operator.read' } = question;
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(endpoint.url.replace(/^http/, 'ws'), {
    maxPayload: LARGEST,
    rejectUnauthorized: false,
  });
  const { token } = endpoint;
  return new Promise((resolve) => {
    const end = (reply: Reply) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(reply);
    };
    const timer = setTimeout(() => end(SILENCE), timeoutMs);
    const ask = (name: string, given: object): string => {
      const id = randomUUID();
      socket.send(JSON.stringify({ type: 'req', id, method: name, params: given }));
      return id;
    };
    let greeting: string | undefined;
    let asked: string | undefined;
    socket.on('error', () => end(SILENCE));
    socket.on('close', () => end(SILENCE));
    socket.on('open', () => {
      const scopes = [scope];
      greeting = ask('connect', { ...PROTOCOLS, client: CLIENT, role: 'operator', scopes, auth: { token } });
    });
    socket.on('message', (data) => {
      const { type, id, ok, payload, error } = parse(String(data));
      if (type !== 'res' || id === undefined) return;
      if (ok !== true) end({ payload: null, refusal: messageOf(error) });
      else if (id === asked) end({ payload, refusal: null });
      else if (id === greeting) asked = ask(method, params);
    });
  });
}

/** Longer than what is shown: a secret must be whole to be found. */
const LONGEST_REFUSAL = 2000;

function messageOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  const said = [message, code].find((text) => typeof text === 'string' && text !== '');
  return oneLine(String(said ?? 'no reason given'), LONGEST_REFUSAL);
}

function parse(text: string): Frame {
  try {
    return (JSON.parse(text) ?? {}) as Frame;
  } catch {
    return {};
  }
}
