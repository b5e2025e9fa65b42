import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPayload } from './answer-schema.js';
import { writeTree } from './place.js';
import { CLI, makeWorld, QUICK, type World } from './world.js';

export const TOKEN = 'a-token-that-nobody-guesses';

/** A world whose gateways load the plugin as it is built; its commands run with the short limits of tests. */
export async function makePluginWorld(...versions: string[]): Promise<World> {
  const world = withPlugin(await makeWorld());
  for (const version of versions) world.publish(version);
  return world;
}

/** Puts the plugin into the configuration of a world that has not been started yet. */
export function withPlugin(world: World): World {
  const dist = join(world.path, 'installed/dist');
  cpSync(fileURLToPath(new URL('../../dist/plugin', import.meta.url)), join(dist, 'plugin'), {
    recursive: true,
  });
  writeTree(dist, {
    'cli/main.cjs': `if (process.argv[2] === 'rpc') process.argv.push(...${JSON.stringify(QUICK)});\nrequire(${JSON.stringify(CLI)});\n`,
    'package.json': '{"type":"module"}',
  });
  return loading(world, join(dist, 'plugin'));
}

/** Has the gateways of a world load the plugin that is in a directory. */
export function loading(world: World, directory: string): World {
  configure(world, (config) => {
    config.gateway.auth.token = TOKEN;
    config.plugins = { load: { paths: [directory] } };
  });
  return world;
}

// biome-ignore lint/suspicious/noExplicitAny: a configuration is of any shape
function configure(world: World, edit: (config: any) => void): void {
  const path = join(world.env.OPENCLAW_STATE_DIR ?? '', 'openclaw.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  edit(config);
  writeFileSync(path, JSON.stringify(config));
}

/** A client's call of a gateway method, with these scopes. */
export async function callMethod(
  world: World,
  method: string,
  params: object = {},
  scopes = ['operator.admin'],
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
): Promise<any> {
  const response = await fetch(`${world.url}/__test/call`, {
    method: 'POST',
    headers: { connection: 'close' },
    body: JSON.stringify({ method, params, scopes }),
  });
  const reply = (await response.json()) as { payload?: object };
  checkPayload(method, reply.payload);
  return reply;
}

/** Messages of the plugin into sessions and to clients, since this gateway started. */
export async function saidByPlugins(world: World): Promise<{
  said: { text?: string; sessionKey?: string; woken?: string }[];
  events: { name: string; payload: Record<string, unknown> }[];
}> {
  return (
    await fetch(`${world.url}/__test/said-by-plugins`, { headers: { connection: 'close' } })
  ).json() as never;
}
