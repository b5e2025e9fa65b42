// Stands in place of the program of an owner: sends what a file says to root's process, and prints each reply.
const { appendFileSync, readFileSync } = require('node:fs');
const { spawn } = require('node:child_process');

const play = JSON.parse(readFileSync(process.env.OPENCLAW_RELEASES_PLAY, 'utf8'));
const replies = [];

function next() {
  const request = play.requests?.[replies.length];
  if (request === undefined) return end();
  process.send({ id: replies.length + 1, request });
}

function end() {
  if (play.says) console.log(play.says);
  console.log(
    JSON.stringify({
      replies,
      words: process.argv.slice(2),
      env: process.env,
      groups: process.getgroups(),
      uid: process.getuid(),
      gid: process.getgid(),
    }),
  );
  if (play.leavesBehind) {
    // Holds the outputs and the channel of this process open.
    const left = spawn('sleep', ['600'], {
      detached: true,
      stdio: ['inherit', 'inherit', 'inherit', 'inherit'],
    });
    appendFileSync(process.env.OPENCLAW_RELEASES_LOG, String(left.pid));
  }
  if (play.signal) process.kill(process.pid, play.signal);
  process.exit(play.exitCode ?? 0);
}

process.on('message', (reply) => {
  replies.push(reply);
  next();
});
for (const message of play.messages ?? []) process.send(message);
process.send({ id: 0 });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    console.log(`got ${signal}`);
    process.exit(40);
  });
process.on('disconnect', () => {
  appendFileSync(process.env.OPENCLAW_RELEASES_LOG, 'disconnected\n');
  process.exit(41);
});
if (play.waits) console.log('waiting');
else next();
