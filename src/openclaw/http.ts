import { once } from 'node:events';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  status: number;
  /** An HTML page is no answer: older versions serve their user interface for unknown paths. */
  html: boolean;
  json: Record<string, unknown> | null;
}

/** Requests a page of a local gateway. Resolves with null without an HTTP answer in time; never throws. */
export type Ask = (url: string, headers: Record<string, string>, timeoutMs: number) => Promise<Answer | null>;

const LIMIT = 64 * 1024;

const ACCEPT = { accept: 'application/json' };

export const ask: Ask = async (url, headers, timeoutMs) => {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const get = isSecure(url) ? process.getBuiltinModule('node:https').get : getPlain;
    // No agent: a connection kept open would keep the process of the caller alive. The kernel says whose socket it
    // is, and the certificate of a gateway is its own.
    const options = { agent: false, headers: { ...ACCEPT, ...headers }, signal, rejectUnauthorized: false };
    const outgoing = get(url, options);
    // A second error, after the first ended the wait, has no other listener.
    outgoing.on('error', () => {});
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const html = isHtml(response.headers['content-type']);
    return { status: response.statusCode ?? 0, html, json: html ? drop(response) : await readJson(response) };
  } catch {
    return null;
  }
};

/**
 * Requests over HTTP/1.0, where the end of the connection ends the body. For read-only commands: Node's client takes a
 * quarter of the time of `status`. Code that decides about a gateway uses `ask`.
 */
export const askQuickly: Ask = (url, headers, timeoutMs) => {
  if (isSecure(url)) return ask(url, headers, timeoutMs);
  const { hostname, host, port, pathname } = new URL(url);
  const fields = Object.entries({ host, ...ACCEPT, ...headers }).map(([name, value]) => `${name}: ${value}`);
  // Node's client refuses these, too: a newline in a token would start another header field.
  if (fields.some((field) => /[^\t -~\u0080-\u00ff]/.test(field))) return Promise.resolve(null);
  return new Promise((resolve) => {
    const received = Buffer.allocUnsafe(LIMIT);
    let size = 0;
    // Not as a stream, which would read and end in a fifth more time.
    const onread = {
      buffer: () => received.subarray(size),
      callback(length: number) {
        size += length;
        if (size === LIMIT) socket.destroy();
        return true;
      },
    };
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port),
      allowHalfOpen: true,
      onread,
    });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('end', () => socket.destroy());
    // The bytes received so far may still be a complete answer.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(understand(received.toString('utf8', 0, size)));
    });
    socket.write([`GET ${pathname} HTTP/1.0`, ...fields, '', ''].join('\r\n'), 'latin1');
  });
};

function isSecure(url: string): boolean {
  return url.startsWith('https:');
}

function understand(text: string): Answer | null {
  const [, status, fields = '', body = ''] = /^HTTP\/1\.[01] (\d{3})\b(.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
  if (status === undefined) return null;
  const html = isHtml(/\r\ncontent-type:[ \t]*(.*)/i.exec(fields)?.[1]);
  return { status: Number(status), html, json: html ? null : parseObject(body) };
}

function isHtml(type = ''): boolean {
  return /^text\/html\b/i.test(type);
}

function drop(response: IncomingMessage): null {
  response.destroy();
  return null;
}

async function readJson(response: IncomingMessage): Promise<Answer['json']> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LIMIT) return drop(response);
      chunks.push(chunk);
    }
    return parseObject(Buffer.concat(chunks).toString());
  } catch {
    return null;
  }
}

function parseObject(text: string): Answer['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Answer['json']) : null;
  } catch {
    return null;
  }
}
