import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import type { Faults } from './faults.js';

export interface Document {
  status: number;
  type: string;
  body: Buffer;
  /** Seconds for which a client may use its copy without asking. */
  maxAge?: number;
}

export function jsonDocument(value: unknown, rest: Partial<Document> = {}): Document {
  return { status: 200, type: 'application/json', body: Buffer.from(JSON.stringify(value)), ...rest };
}

const PIECES_PER_SECOND = 20;

async function* paced(body: Buffer, bytesPerSecond: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const size = Math.max(1, Math.ceil(bytesPerSecond / PIECES_PER_SECOND));
  for (let at = 0; at < body.length; at += size) {
    yield body.subarray(at, at + size);
    await setTimeout(1000 / PIECES_PER_SECOND, undefined, { signal });
  }
}

/** First byte that is asked for; the public registry sends the rest of archives, and many others do not. */
function begin({ status, body }: Document, request: IncomingMessage, faults: Faults, path: string): number {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  return status === 200 && from < body.length && !faults.take('no-range', path) ? from : 0;
}

/** Sends a document, as slowly or as incompletely as the faults for this path want it. */
export async function transmit(
  document: Document,
  { request, response, path }: { request: IncomingMessage; response: ServerResponse; path: string },
  faults: Faults,
): Promise<void> {
  const { type, maxAge } = document;
  if (request.headers.range && faults.take('refused-range', path)) {
    response.writeHead(416).end();
    return;
  }
  const begins = begin(document, request, faults, path);
  const status = begins > 0 ? 206 : document.status;
  const body = document.body.subarray(begins);
  const slow = faults.take('slow', path);
  const cutOff = faults.take('cut-off', path);
  const gone = new AbortController();
  response.once('close', () => gone.abort());

  if (slow?.delayMs) await setTimeout(slow.delayMs, undefined, { signal: gone.signal });
  const etag = `"${createHash('sha1').update(body).digest('hex')}"`;
  if (status === 200 && !cutOff && request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(status, {
    'content-type': type,
    'content-length': body.length,
    vary: 'accept-encoding, accept',
    ...(begins > 0 && {
      'content-range': `bytes ${begins}-${document.body.length - 1}/${document.body.length}`,
    }),
    ...(status === 200 && { etag, 'cache-control': `public, max-age=${maxAge ?? 0}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
  } else if (cutOff) {
    response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  } else if (slow?.bytesPerSecond) {
    await pipeline(Readable.from(paced(body, slow.bytesPerSecond, gone.signal)), response);
  } else {
    response.end(body);
  }
}
