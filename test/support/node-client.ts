import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { WebSocket } from 'ws';
import type { AtEnd } from './place.js';

/** Answer of a gateway to a node that connects. */
export interface NodeAnswer {
  ok: boolean;
  error: { message?: string; details?: object } | null;
}

/** A companion device of one protocol, with a key of its own. */
export interface NodeClient {
  /** Connects and stays connected until the end; another connection takes the place of the one before. */
  connect(): Promise<NodeAnswer>;
}

interface Identity {
  url: string;
  token: string;
  name: string;
  version: string;
  protocol: number;
}

/** A node as `openclaw node run` is one, that speaks one protocol only (OpenClaw: docs/gateway/protocol/handshake.md). */
export function nodeClient({ url, token, name, version, protocol }: Identity, atEnd: AtEnd): NodeClient {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const deviceId = createHash('sha256').update(raw).digest('hex');
  const client = { id: 'node-host', displayName: name, version, platform: 'linux', mode: 'node' };
  let socket: WebSocket | undefined;
  atEnd(() => socket?.terminate());

  function paramsFor({ nonce, ts }: { nonce: string; ts: number }) {
    const signed = ['v2', deviceId, client.id, client.mode, 'node', '', ts, token, nonce].join('|');
    const signature = sign(null, Buffer.from(signed), privateKey).toString('base64url');
    const device = { id: deviceId, publicKey: raw.toString('base64url'), signature, signedAt: ts, nonce };
    return {
      ...{ minProtocol: protocol, maxProtocol: protocol, client, role: 'node', scopes: [] },
      ...{ caps: [], commands: [], auth: { token }, device },
    };
  }

  async function connect(): Promise<NodeAnswer> {
    socket?.terminate();
    const opened = new WebSocket(url.replace(/^http/, 'ws'));
    socket = opened;
    return new Promise((resolve, reject) => {
      opened.on('error', reject);
      opened.on('close', () => reject(new Error('The gateway closed the connection without an answer.')));
      opened.on('message', (data) => {
        const { type, event, payload, ok, error = null } = JSON.parse(String(data));
        if (event === 'connect.challenge')
          opened.send(
            JSON.stringify({ type: 'req', id: 'connect', method: 'connect', params: paramsFor(payload) }),
          );
        else if (type === 'res') resolve({ ok, error });
      });
    });
  }

  return { connect };
}
