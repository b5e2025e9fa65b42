import { createServer, type Socket } from 'node:net';
import { ReleasesError, systemCode } from '../../core/errors.js';
import { openAddress } from '../address.js';
import { formatError, formatReply, parseRequest, REQUEST_LIMIT, type Request } from './protocol.js';

const REQUEST_TIMEOUT_MS = 5_000;
const LINGER_MS = 1_000;

export type Handler = (request: Request) => object | Promise<object>;

export interface Server {
  close(): Promise<void>;
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (sentence: string) => reject(new ReleasesError('usage', sentence));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\n');
      if (end >= 0 && end < REQUEST_LIMIT) resolve(received.toString('utf8', 0, end));
      else if (received.length >= REQUEST_LIMIT) refuse(`The request is longer than ${REQUEST_LIMIT} bytes.`);
      if (end >= 0 || received.length >= REQUEST_LIMIT) socket.removeAllListeners('data').resume();
    });
    socket.on('end', () => refuse('The request ended without a newline.'));
    socket.setTimeout(REQUEST_TIMEOUT_MS, () => refuse('The request did not come in time.'));
  });
}

async function answer(socket: Socket, handle: Handler): Promise<void> {
  try {
    const request = parseRequest(await readLine(socket));
    socket.setTimeout(0);
    socket.end(formatReply({ ok: true, result: await handle(request) }));
  } catch (error) {
    socket.end(formatError(error));
  }
  // Reads and drops late input for a moment: unread data would reset the connection, and the client would lose the
  // answer.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/**
 * Answers requests on the root's socket, which only this user may open.
 * @throws ReleasesError `supervisor_already_running` when another process has bound it, `root_unwritable` when it
 * cannot be bound
 */
export async function serve(root: string, handle: Handler): Promise<Server> {
  const address = openAddress(root);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    // A client that disconnects is no error here.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    void answer(socket, handle);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve).once('error', reject);
      // `listen` binds before it returns, so the socket never has a wider mode.
      const umask = process.umask(0o177);
      server.listen(address.path);
      process.umask(umask);
    });
  } catch (error) {
    address.close();
    throw bindError(root, error);
  }
  // One connection that cannot be accepted (no free descriptor) must not end the supervisor.
  server.on('error', () => {});
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroySoon();
      await closed;
      address.close();
    },
  };
}

function bindError(root: string, cause: unknown): ReleasesError {
  if (systemCode(cause) === 'EADDRINUSE') {
    return new ReleasesError('supervisor_already_running', `Another supervisor just started for ${root}.`);
  }
  return new ReleasesError('root_unwritable', `The supervisor's socket cannot be made in ${root}.`, {
    cause,
  });
}
