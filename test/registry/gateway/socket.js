import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workIn } from './admission.js';
import { statePath } from './state.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A text for the other side, shorter than 64 KiB. */
function frame(text) {
  const bytes = Buffer.from(text);
  const head = bytes.length < 126 ? [0x81, bytes.length] : [0x81, 126, bytes.length >> 8, bytes.length & 255];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** The texts of whole frames in what came, and what is left of it; a client's are masked. */
function readFrames(data) {
  const texts = [];
  let rest = data;
  for (;;) {
    const short = (rest[1] ?? 0) & 127;
    const at = short === 126 ? 4 : 2;
    if (rest.length < at + 4) return { texts, rest };
    const length = short === 126 ? rest.readUInt16BE(2) : short;
    if (rest.length < at + 4 + length) return { texts, rest };
    const mask = rest.subarray(at, at + 4);
    const bytes = rest.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ mask[index % 4]);
    if ((rest[0] & 15) === 1) texts.push(Buffer.from(bytes).toString());
    rest = rest.subarray(at + 4 + length);
  }
}

/** Methods that an operator may ask of the real gateway, each with the scope and the parameters that it knows. */
function methodsOf(env, admission, behaviour) {
  const runs = () => workIn(env).filter(([kind, session]) => kind === 'embedded-run' && session);
  const blockers = () => workIn(env).map(([kind]) => ({ kind, count: 1, message: `1 active ${kind}` }));
  return {
    'gateway.restart.preflight': {
      scope: 'operator.read',
      keys: [],
      answer: () => ({ safe: blockers().length === 0, blockers: blockers() }),
    },
    'sessions.list': {
      scope: 'operator.read',
      keys: ['limit'],
      answer: () => ({
        sessions: runs().map(([, key, startedAt]) => {
          return { key, hasActiveRun: true, startedAt: Number(startedAt) };
        }),
      }),
    },
    'tasks.list': { scope: 'operator.read', keys: ['status', 'limit'], answer: () => ({ tasks: [] }) },
    'channels.status': {
      scope: 'operator.read',
      keys: ['probe', 'timeoutMs', 'channel'],
      answer: () => {
        const works = !behaviour.lacksCredential;
        return {
          channelAccounts: { discord: [{ accountId: 'default', running: works, configured: works }] },
        };
      },
    },
    'node.list': { scope: 'operator.read', keys: [], answer: () => ({ nodes: nodesIn(env) }) },
    'system-presence': {
      scope: 'operator.read',
      keys: [],
      answer: () => [{ host: 'here', mode: 'gateway' }],
    },
    ...admission?.methods,
  };
}

/** Paired nodes, from a file of the state. */
function nodesIn(env) {
  const path = join(statePath(env), 'nodes.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

/** Calls of the real protocol that an operator with the token may make. */
export function answerSockets(server, config, env, admission, behaviour) {
  const methods = methodsOf(env, admission, behaviour);
  const call = (scopes, name, params) => {
    const method = methods[name];
    if (!method) throw new Error(`unknown method: ${name}`);
    const has = scopes.includes(method.scope) || scopes.includes('operator.admin');
    if (!has) throw new Error(`missing scope: ${method.scope}`);
    if (Object.keys(params).some((key) => !method.keys.includes(key)))
      throw new Error(`invalid ${name} params`);
    if (admission?.isClosed() && !name.startsWith('gateway.suspend.'))
      throw new Error(`${name} unavailable during gateway suspension`);
    return method.answer(params);
  };
  server.on('upgrade', (request, socket) => {
    const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    const send = (message) => socket.write(frame(JSON.stringify(message)));
    send({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n' } });
    let scopes = null;
    let rest = Buffer.alloc(0);
    const answer = (method, params) => {
      if (scopes !== null) return call(scopes, method, params);
      const isKnown = method === 'connect' && params.auth?.token === config.gateway?.auth?.token;
      if (!isKnown) throw new Error('unauthorized');
      scopes = params.scopes;
      return { type: 'hello-ok', protocol: 4 };
    };
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const found = readFrames(Buffer.concat([rest, data]));
      rest = found.rest;
      for (const { id, method, params } of found.texts.map((text) => JSON.parse(text))) {
        try {
          send({ type: 'res', id, ok: true, payload: answer(method, params ?? {}) });
        } catch ({ message }) {
          send({ type: 'res', id, ok: false, error: { code: 'INVALID_REQUEST', message } });
        }
      }
    });
  });
}
