import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Content of `busy` in the state directory, one kind of work a line; nothing of that kind is done. */
function preflight(env) {
  const path = join(env.OPENCLAW_STATE_DIR ?? '', 'busy');
  const kinds = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const blockers = kinds.map((kind) => ({ kind, count: 1, message: `1 active ${kind}` }));
  return { safe: blockers.length === 0, counts: { totalActive: blockers.length }, blockers };
}

/** The two calls of the real protocol that tell an operator with the token how busy the gateway is. */
export function answerSockets(server, config, env) {
  server.on('upgrade', (request, socket) => {
    const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    const send = (message) => socket.write(frame(JSON.stringify(message)));
    send({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n' } });
    let reads = false;
    let rest = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const found = readFrames(Buffer.concat([rest, data]));
      rest = found.rest;
      for (const { id, method, params } of found.texts.map((text) => JSON.parse(text))) {
        const hello = method === 'connect' && params.auth?.token === config.gateway?.auth?.token;
        if (hello) reads = params.scopes.includes('operator.read');
        const ok = hello || (reads && method === 'gateway.restart.preflight');
        const payload = hello ? { type: 'hello-ok', protocol: 4 } : preflight(env);
        send({ type: 'res', id, ok, ...(ok ? { payload } : { error: { code: 'INVALID_REQUEST' } }) });
      }
    });
  });
}
