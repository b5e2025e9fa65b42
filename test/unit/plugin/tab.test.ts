import { expect, test } from 'vitest';
import type { PluginApi, Tab } from '../../../src/plugin/api.js';
import { registerRoutes } from '../../../src/plugin/routes.js';
import { TAB_HEADERS, tabPage } from '../../../src/plugin/tab.js';
import { answeringHost } from '../../support/plugin-doors.js';

type Route = Parameters<PluginApi['registerHttpRoute']>[0];

/** Tabs and routes that the plugin registers in a gateway of a version. */
function registered(version: string | null) {
  const tabs: Tab[] = [];
  const routes: Route[] = [];
  const api = {
    registerHttpRoute: (route: Route) => routes.push(route),
    session: { controls: { registerControlUiDescriptor: (tab: Tab) => tabs.push(tab) } },
  } as unknown as PluginApi;
  const { host, asked } = answeringHost({});
  registerRoutes(api, { ...host, version }, { html: '', headers: {} });
  return { tabs, routes, asked };
}

/** Answers a request to the guarded route as the frame of the tab sends it: without our header. */
async function inFrame(method: string, path: string, headers: Record<string, string> = {}) {
  const { routes, asked } = registered('2026.9.6');
  const route = routes.find(({ auth }) => auth === 'gateway');
  const answer = { status: 0, headers: {}, body: '' };
  await route?.handler(
    { method, url: path, headers } as never,
    {
      on: () => {},
      writeHead: (status: number, sent: object) => Object.assign(answer, { status, headers: sent }),
      end: (body: string) => Object.assign(answer, { body }),
    } as never,
  );
  expect(asked()).toEqual([]);
  return answer;
}

test.each([
  ['2026.5.28', 0],
  ['2026.6.1', 0],
  [null, 0],
  ['2026.9.5', 1],
  ['2026.10.1', 1],
])('the Control UI of %s gets %d tabs, below the route that the gateway guards', (version, count) => {
  const { tabs, routes } = registered(version);
  expect(tabs).toHaveLength(count);
  const guarded = routes.find(({ auth }) => auth === 'gateway')?.path ?? '';
  for (const { path, requiredScopes } of tabs) {
    expect(path.startsWith(`${guarded}/`)).toBe(true);
    expect(requiredScopes).toEqual(['operator.read']);
  }
});

test('the frame reads the tab and nothing else, and only the gateway may frame it', async () => {
  const { status, headers, body } = await inFrame('GET', '/releases/api/tab?openclaw=1');
  expect([status, headers]).toEqual([200, TAB_HEADERS]);
  // The frame may open nothing, so a link would be dead.
  expect(body).not.toContain('<a ');
  expect(body).toContain('<code>/releases</code>');
  expect(body).not.toMatch(/<script|<form|<button/);
  expect(TAB_HEADERS['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'self'/);
  for (const path of ['/releases/api/picture', '/releases/api/list', '/releases/api/tab/x']) {
    expect((await inFrame('GET', path)).status, path).toBeGreaterThanOrEqual(400);
  }
  for (const method of ['POST', 'PUT', 'DELETE']) {
    expect((await inFrame(method, '/releases/api/tab')).status, method).toBeGreaterThanOrEqual(400);
  }
  expect((await inFrame('GET', '/releases/api/tab', { 'x-openclaw-scopes': '' })).status).toBe(403);
});

test('a text of a record stays text', () => {
  const sentence = `<img src=x onerror="alert('1')"> & \u202e`;
  const page = tabPage({
    at: '',
    gateway: {
      pid: 1,
      since: new Date(0).toISOString(),
      version: sentence,
      release: null,
      host: 'h',
      node: '24.1.0',
    },
    ...{
      controlUi: '/',
      root: '/r',
      adopted: true,
      current: sentence,
      previous: null,
      trial: null,
      hold: null,
    },
    ...{ skip: [], expected: null, running: null },
    releases: [{ id: sentence, marks: ['current'], fault: sentence }] as never,
    changes: [{ startedAt: new Date(0).toISOString(), sentence, downtimeMs: 9_000 }] as never,
  });
  expect(page).not.toContain('<img');
  expect(page).not.toContain('\u202e');
  expect(page.match(/&lt;img src=x onerror=&quot;alert\(&#39;1&#39;\)&quot;&gt; &amp;/g)).toHaveLength(5);
  expect(page).toContain('outage 9 s');
});
