// Imitates an agent of the gateway: a shell below the gateway, in its unit and with its environment.
// Loaded into the gateway by NODE_OPTIONS; runs the one command that a connection sends and answers how it ended.
import { spawn } from 'node:child_process';
import { accessSync, constants, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';

// Worker threads load it too, with the same arguments.
if (isMainThread && process.argv[2] === 'gateway' && mayListen()) {
  // Commands do not get it: they are programs of their own.
  delete process.env.NODE_OPTIONS;
  rmSync(process.env.LAB_AGENT, { force: true });
  createServer({ allowHalfOpen: true }, (connection) => {
    connection.on('error', () => {});
    connection.once('data', (command) => {
      const child = spawn('/bin/bash', ['-c', String(command)], { stdio: ['ignore', 'pipe', 'pipe'] });
      const ran = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr']) {
        child[name].setEncoding('utf8').on('data', (text) => {
          ran[name] += text;
        });
      }
      child.once('close', (exitCode, signal) => {
        // Dies with the gateway's cgroup, while the gateway itself still lives for a moment: no answer.
        connection.end(signal ? '' : JSON.stringify({ exitCode, ...ran }));
      });
    });
  })
    .listen(process.env.LAB_AGENT)
    .unref();
}

/** Excludes a gateway that is tried on a copy of the state: it can write nothing else, and the socket is the live one's. */
function mayListen() {
  try {
    accessSync(dirname(process.env.LAB_AGENT), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
