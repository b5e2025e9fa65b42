// Lets a machine reach the registry of the tests: listens on a port of the machine's loopback, and hands each connection to
// a socket of the host. usage, in the machine's network: node relay.mjs PORT SOCKET
import { createConnection, createServer } from 'node:net';

const [port, path] = process.argv.slice(2);
createServer((inside) => {
  const outside = createConnection(path);
  inside.pipe(outside).pipe(inside);
  for (const end of [inside, outside]) {
    end.on('error', () => {
      inside.destroy();
      outside.destroy();
    });
  }
}).listen(Number(port), '127.0.0.1', () => console.log('listens'));
