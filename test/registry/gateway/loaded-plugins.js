import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Scopes that a caller may have, as the gateway counts them: who may change something may look. */
function allows(scopes, needed) {
  return (
    scopes.includes('operator.admin') ||
    scopes.includes(needed) ||
    (needed === 'operator.read' && scopes.includes('operator.write'))
  );
}

/**
 * Loads what `plugins.load.paths` of the configuration names, as the real one does: routes, methods and services. What
 * was said into sessions is at `/__test/said-by-plugins`; `POST /__test/call` is a client's call of a method, with its scopes.
 */
export async function loadPlugins({ config, version }) {
  const token = config.gateway?.auth?.token;
  const [routes, methods, services, said, events] = [[], new Map(), [], [], []];
  for (const path of config.plugins?.load?.paths ?? []) {
    const rootDir = dirname(fileURLToPath(pathToFileURL(join(path, 'package.json'))));
    const { openclaw } = JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8'));
    const { default: plugin } = await import(pathToFileURL(join(rootDir, openclaw.extensions[0])).href);
    plugin.register({
      registrationMode: 'full',
      rootDir,
      config,
      logger: { info: () => {}, warn: (message) => console.error(`[plugin] ${message}`) },
      runtime: {
        version,
        system: {
          enqueueSystemEvent: (text, { sessionKey }) => said.push({ text, sessionKey }),
          requestHeartbeat: ({ sessionKey }) => said.push({ woken: sessionKey }),
        },
      },
      registerCli: () => {},
      registerHttpRoute: (route) => routes.push(route),
      registerGatewayMethod: (name, handler, { scope }) => methods.set(name, { handler, scope }),
      registerService: (service) => services.push(service),
    });
  }

  /** Sends a body as JSON. */
  const json = (response, status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  async function call(request, response) {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method, params, scopes } = JSON.parse(text);
    const { handler, scope } = methods.get(method) ?? {};
    if (!handler) return json(response, 200, { ok: false, error: { message: `unknown method: ${method}` } });
    if (!allows(scopes, scope))
      return json(response, 200, { ok: false, error: { message: `missing scope: ${scope}` } });
    const respond = (ok, payload, error) => json(response, 200, { ok, payload, error });
    const client = { connect: { scopes, client: { id: 'test' } } };
    return handler({ params, client, respond, context: {} });
  }

  return {
    start() {
      const emit = (name, payload) => events.push({ name, payload });
      for (const service of services) service.start({ gatewayEvents: { emit } });
    },
    /** Answers true when a plugin, or what the tests ask about plugins, has answered. */
    async answer(request, response) {
      const { pathname } = new URL(request.url, 'http://gateway');
      if (pathname === '/__test/said-by-plugins') return !!json(response, 200, { said, events });
      if (pathname === '/__test/call') {
        await call(request, response);
        return true;
      }
      const route = routes.find(({ path, match }) =>
        match === 'exact' ? path === pathname : pathname === path || pathname.startsWith(`${path}/`),
      );
      if (!route) return false;
      if (route.auth === 'gateway' && request.headers.authorization !== `Bearer ${token}`)
        return !!json(response, 401, { error: { message: 'Unauthorized', type: 'unauthorized' } });
      return route.handler(request, response);
    },
  };
}
