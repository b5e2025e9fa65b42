import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ownFile } from '../../src/core/own-files.js';
import { runSqlite } from '../../src/host/sqlite/sqlite.js';
import { installRelease } from '../../src/install/install.js';
import { ask } from '../../src/plugin/cli-process.js';
import { lookUp } from '../../src/registry/lookup.js';
import { rootAt } from '../../src/store/root.js';
import { openclawPackage } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { makePlace, type Place, workersOf } from '../support/source-place.js';
import { sqliteNode } from '../support/sqlite-node.js';

const VERSION = '2026.6.1';
const HOST = { path: process.execPath, version: process.versions.node, shared: [] };

let place: Place;
let registry: Registry;

beforeEach(async () => {
  place = makePlace();
  registry = await startRegistry();
  registry.publish(openclawPackage(VERSION, { dependencies: {} }));
});

afterEach(async () => {
  await registry.close();
  place.dispose();
});

/**
 * Options that have a Node stay when it wants to end, as it does at times (nodejs/node#54918): in `process.exit`, or also when
 * there is nothing more to do.
 */
function staying(hook = 'process.reallyExit = stay'): string {
  const path = place.path('stay.cjs');
  const stay = 'for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e6);';
  writeFileSync(path, `function stay() { ${stay} }\n${hook};`);
  return `--require=${path}`;
}

/** A program that runs others with these options for Node, for callers that start it in the place of another. */
function wrapper(name: string, script: string): string {
  mkdirSync(place.path('bin'), { recursive: true });
  writeFileSync(place.path('bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(place.path('bin', name), 0o755);
  return place.path('bin', name);
}

function set(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

describe('a process that has answered is not waited for when it does not end:', () => {
  it('the worker that asks the registry', async () => {
    set('NODE_OPTIONS', staying());
    const overrides = { registry: registry.url, cache: place.path('cache') };
    const spec = { kind: 'version' as const, version: VERSION };
    const found = await lookUp({ spec, overrides, staged: [], nodes: [HOST] });
    expect(found.resolved.version).toBe(VERSION);
  });

  it('the worker that installs', async () => {
    const options = await place.options(registry.url);
    const spec = { kind: 'version' as const, version: VERSION };
    const overrides = { registry: registry.url, cache: place.path('cache') };
    const { resolved } = await lookUp({ spec, overrides, staged: [], nodes: [HOST] });
    // The worker gets no options of its parent's, but is started by this.
    wrapper('nice', `shift 2; exec env NODE_OPTIONS=${staying()} "$@"`);
    set('PATH', `${place.path('bin')}:${process.env.PATH}`);
    const directory = place.path('release');
    const runtime = { node: HOST.path, version: HOST.version };
    const report = await installRelease({
      ...{ resolved, directory, runtime, options, allowScripts: [], lockfile: null, isOwnLockfile: false },
      ...{ installed: null, kept: [], share: 'auto' },
    });
    expect(report.ranScripts).toEqual(['openclaw']);
    expect(workersOf()).toEqual([]);
  });

  it('the worker that reads databases', async () => {
    const node = await sqliteNode();
    const database = place.path('some.sqlite');
    const make = "new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec('PRAGMA user_version = 7')";
    execFileSync(node, ['-e', make, database], { env: { NODE_NO_WARNINGS: '1' } });
    const wrapped = wrapper('node', `exec env NODE_OPTIONS=${staying()} ${node} "$@"`);
    expect(await runSqlite(wrapped, [{ kind: 'version', database }])).toEqual([
      { kind: 'version', version: 7 },
    ]);
  });

  it('the process that the gateway asks', async () => {
    set('NODE_OPTIONS', staying('process.on("exit", stay)'));
    const cli = ownFile('dist/cli/main.cjs');
    const host = { root: rootAt(place.path('root')), cli, release: null, version: null, pid: 1, since: '' };
    expect(await ask(host, 'releases.history', {}, { scopes: null })).toMatchObject({
      ...{ ok: true, payload: { changes: [] } },
    });
  });
});
