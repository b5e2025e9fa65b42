// Stands for supervisord: starts a gateway as a user, which can say what it likes about its own service.
const { spawn } = require('node:child_process');

const [uid, gid, service] = process.argv.slice(-3);
const gateway = spawn(process.execPath, ['-e', 'console.log("ready"); setInterval(() => {}, 1e6)'], {
  argv0: 'openclaw-gateway',
  uid: Number(uid),
  gid: Number(gid),
  env: { SUPERVISOR_PROCESS_NAME: service },
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.on('SIGTERM', () => {
  gateway.kill('SIGKILL');
  process.exit();
});
