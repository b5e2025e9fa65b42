// A gateway that mounts our methods: `update.run` and `update.status` under their own names, and `releases.*`.
// POST /rpc {"method":"update.run","params":{"target":"latest"}} with "authorization: Bearer <token>".
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { openRoot, ReleasesError } from 'openclaw-releases';

/** Scopes of each token; a real gateway takes this from its own authentication. */
const CALLERS = new Map([
  [process.env.ADMIN_TOKEN, { name: 'operator', scopes: ['operator.admin'] }],
  [process.env.READ_TOKEN, { name: 'dashboard', scopes: ['operator.read'] }],
]);
CALLERS.delete(undefined);

const releases = openRoot(process.env.OPENCLAW_RELEASES_ROOT);

/** Methods of this gateway itself. */
const OWN = { ping: async () => ({ ok: true }) };

async function answer(method, params, caller) {
  if (Object.hasOwn(OWN, method)) return OWN[method](params, caller);
  // Checks the caller's scopes and the parameters. A change is made by a process outside, so this returns at once.
  return releases.handle(method, params, caller);
}

/** HTTP status of an error; its code, sentence and next command are in the body. */
function statusOf({ code }) {
  return { forbidden: 403, usage: 404, params_invalid: 400, internal: 500 }[code] ?? 409;
}

const server = createServer(async (request, response) => {
  const reply = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/readyz') return reply(200, { ready: true });
  const caller = CALLERS.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]);
  if (!caller) return reply(401, { ok: false, error: { message: 'Who are you?' } });
  if (request.url !== '/rpc' || request.method !== 'POST') return reply(404, { ok: false });
  try {
    const { method, params } = await json(request);
    reply(200, { ok: true, payload: await answer(String(method), params, caller) });
  } catch (error) {
    if (!(error instanceof ReleasesError))
      return reply(400, { ok: false, error: { message: 'No JSON came.' } });
    const { code, message, hint, untouched } = error;
    reply(statusOf(error), { ok: false, error: { code, message, hint, untouched } });
  }
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () =>
  console.log(`listening on ${server.address().port}`),
);
