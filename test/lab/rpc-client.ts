import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';

/** Answer of a gateway to one call. */
export interface RpcAnswer {
  ok: boolean;
  /** True when the greeting was refused. */
  isRefused: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  payload: any;
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  error: any;
}

export interface RpcCaller {
  /** The shared token; none at all when null. */
  token: string | null;
  scopes: string[];
}

interface Frame {
  type?: string;
  event?: string;
  id?: string;
  ok?: boolean;
  payload?: unknown;
  error?: unknown;
}

/** A client of the gateway's own protocol, as an operator's program on the same host. */
export interface RpcClient {
  /**
   * One call on a connection of its own.
   * @throws Error when nobody answers, or not in time; 30 s
   */
  call(method: string, params?: object): Promise<RpcAnswer>;
}

const WITHIN_MS = 30_000;

/** Presents itself as OpenClaw's own back end: on loopback the token alone is enough, without a paired device. */
const CLIENT = { id: 'gateway-client', mode: 'backend', version: '1', platform: 'linux' };

export function rpcClient(port: number, { token, scopes }: RpcCaller): RpcClient {
  const greeting = {
    ...{ minProtocol: 1, maxProtocol: 9, client: CLIENT, role: 'operator', scopes },
    ...(token !== null && { auth: { token } }),
  };
  return {
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`);
        const fail = (why: string) => {
          clearTimeout(timer);
          socket.terminate();
          reject(new Error(`${method}: ${why}`));
        };
        const timer = setTimeout(() => fail(`no answer within ${WITHIN_MS} ms`), WITHIN_MS);
        const ask = (name: string, about: object): string => {
          const id = randomUUID();
          socket.send(JSON.stringify({ type: 'req', id, method: name, params: about }));
          return id;
        };
        let greeted = '';
        let asked = '';
        socket.on('error', ({ message }) => fail(message));
        socket.on('close', (code, reason) => fail(`the connection was closed: ${code} ${reason}`));
        socket.on('open', () => {
          greeted = ask('connect', greeting);
        });
        socket.on('message', (data) => {
          const { type, id, ok, payload, error } = JSON.parse(String(data)) as Frame;
          if (type !== 'res') return;
          if (id === greeted && ok) asked = ask(method, params);
          else if (id === greeted || id === asked) {
            clearTimeout(timer);
            socket.removeAllListeners('close');
            socket.terminate();
            resolve({ ok: ok === true, isRefused: id === greeted, payload, error });
          }
        });
      }),
  };
}
