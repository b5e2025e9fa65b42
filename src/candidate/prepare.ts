import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ownFile } from '../core/own-files.js';
import type { Launch } from '../host/place.js';
import { configuredEndpoint, type Endpoint } from '../openclaw/endpoint.js';
import { candidateLaunch } from './environment.js';
import { type Binding, shown } from './isolation.js';

/** The built file: Node 20 cannot run TypeScript. */
const WORKER = ownFile('dist/candidate/worker.js');

/** The worker's package: its `package.json` makes the modules ECMAScript's. */
const PACKAGE = dirname(dirname(dirname(WORKER)));

interface Place {
  directory: string;
  /** Configuration file where it lies outside of the directory, else null. */
  config: string | null;
}

/** Warms the first start after the switch: Node's cache depends on file paths, so the release is at its final place. */
export interface CompileCache {
  release: string;
  /** Final place; an empty directory until then. */
  at: string;
  /** Cache directory that Node fills; belongs to the gateway's user. */
  cache: string;
}

export interface CandidateRequest {
  /** Node of the release, and its program; absolute. */
  node: string;
  main: string;
  /** Copy of the state, which the candidate changes. Belongs to the gateway's user. */
  copy: Place;
  /** Place of the live state, because the state contains such paths. */
  place: Place;
  /** Launch of the gateway, best with the running one's whole environment. Never printed or stored. */
  launch: Launch;
  signal?: AbortSignal | undefined;
  timeoutMs: number;
  warming?: CompileCache | undefined;
  /** Runs at normal priority instead of giving way to the running gateway. */
  urgent?: boolean;
}

export interface CandidateReport {
  ready: boolean;
  /** Milliseconds until it was ready, exited or was stopped. */
  readyMs: number;
  /** Null when it reported none. */
  version: string | null;
  /** Failing checks, by the names of `/readyz`. */
  failing: string[];
  /** Its own exit; null when it still ran and was stopped. */
  exit: { code: number | null; signal: NodeJS.Signals | null } | null;
  /** Last lines of output, without secrets. */
  said: string;
}

/** Sent over a pipe and never on a command line: the environment holds secrets. */
export interface CandidateOrder {
  node: string;
  main: string;
  args: string[];
  env: Record<string, string>;
  directory: string;
  endpoint: Endpoint;
  timeoutMs: number;
  urgent: boolean;
  /** Milliseconds for a ready gateway to exit; it saves its compile cache only on exit. */
  endMs: number;
}

/** The exit writes about 40 MB of cache beside a gateway that serves people. */
const END_MS = 20_000;

export interface PreparedCandidate {
  bindings: Binding[];
  command: string[];
  order: CandidateOrder;
}

/** @throws the filesystem's error for a named path that is missing */
export function prepareCandidate(request: CandidateRequest): PreparedCandidate {
  const { copy, place, launch, timeoutMs, warming, urgent = false } = request;
  const node = realpathSync(request.node);
  const staged = realpathSync(request.main);
  const main = warming ? join(warming.at, relative(realpathSync(warming.release), staged)) : staged;
  const bindings = [{ from: realpathSync(copy.directory), at: place.directory, writable: true }];
  if (copy.config !== null && place.config !== null) {
    bindings.push({ from: realpathSync(copy.config), at: place.config, writable: true });
  }
  const seen = [dirname(dirname(node)), PACKAGE];
  if (warming) bindings.push(...bindingsOf(warming));
  else seen.push(releaseOf(main));
  bindings.push(...shown(seen, place.directory));
  const started = candidateLaunch(launch, place.directory, warming?.cache);
  const endpoint = endpointOf(request, started);
  return {
    bindings,
    command: [node, WORKER],
    order: {
      ...{ node, main, ...started, directory: place.directory },
      ...{ endpoint, timeoutMs, urgent, endMs: warming ? END_MS : 0 },
    },
  };
}

function bindingsOf({ release, at, cache }: CompileCache): Binding[] {
  return [
    { from: realpathSync(release), at, writable: false },
    { from: realpathSync(cache), at: cache, writable: true },
  ];
}

/** Reads the copy: the live configuration may have been edited meanwhile. */
function endpointOf({ copy, place }: CandidateRequest, { args, env }: Launch): Endpoint {
  const named = env.OPENCLAW_CONFIG_PATH;
  const inside = named && join(copy.directory, relative(place.directory, named));
  const OPENCLAW_CONFIG_PATH = copy.config ?? (inside || join(copy.directory, 'openclaw.json'));
  return configuredEndpoint({ args, env: { ...env, OPENCLAW_CONFIG_PATH } });
}

function releaseOf(main: string): string {
  const [release = '', ...inside] = main.split('/node_modules/');
  return inside.length > 0 ? release : dirname(main);
}
