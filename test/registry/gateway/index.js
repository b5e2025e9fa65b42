import { existsSync, readFileSync } from 'node:fs';
import { readArguments } from './arguments.js';
import { applyProfile } from './profile.js';

const VERSION = '__VERSION__';
const packageRoot = new URL('../', import.meta.url);

if (existsSync(new URL('.openclaw-lifecycle-pending', packageRoot))) {
  console.error(
    'openclaw: package lifecycle is incomplete. Reinstall with package scripts enabled, then retry.',
  );
  process.exit(1);
}

const behaviour = JSON.parse(readFileSync(new URL('behaviour.json', packageRoot), 'utf8'));
const [command, ...args] = applyProfile(process.argv.slice(2), process.env);

if (command === '--version') {
  console.log(`OpenClaw ${behaviour.printsVersion ?? VERSION} (test)`);
} else if (command === 'gateway') {
  const { options } = readArguments('gateway', args[0] === 'run' ? args.slice(1) : args);
  const { startGateway } = await import('./gateway.js');
  await startGateway({ version: VERSION, behaviour, options, packageRoot });
} else if (command === 'database' && behaviour.migratesTo) {
  const { preflight } = await import('./preflight.js');
  process.exitCode = await preflight({ version: VERSION, behaviour, args, packageRoot });
} else if (command === 'plugins') {
  const [action, ...rest] = args;
  readArguments(`plugins ${action}`, rest);
  const { plugins } = await import('./plugins.js');
  process.exitCode = await plugins({ behaviour, action, packageRoot });
} else if (command === 'doctor') {
  readArguments('doctor', args);
  const { repairLinks } = await import('./plugins.js');
  repairLinks({ behaviour, packageRoot });
} else if (command === 'setup') {
  const { setUp } = await import('./config.js');
  setUp(process.env);
} else {
  console.error(`openclaw: unknown command '${command ?? ''}'`);
  process.exitCode = 1;
}
