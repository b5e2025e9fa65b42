import { realpathSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ownFile } from '../core/own-files.js';
import { type Endpoint, findEndpoint, type Launch } from '../openclaw/endpoint.js';
import { candidateLaunch } from './environment.js';
import { type Binding, type Identity, shown } from './isolation.js';

/** The same place seen from `src/gateway` and from `dist/gateway`: Node 20 cannot run the TypeScript of the first. */
const WORKER = ownFile('dist/candidate/worker.js');

/** What the worker is a file of: whether its modules are ECMAScript's is said there. */
const PACKAGE = dirname(dirname(dirname(WORKER)));

/** Where a gateway's state is, or a copy of it. */
interface Place {
  directory: string;
  /** The configuration file where it lies outside of the directory, else null. */
  config: string | null;
}

/**
 * Makes the first start after the switch a warm one: Node keeps what it compiles by the path of each file, so the
 * candidate finds the release where it is going to be.
 */
export interface CompileCache {
  /** The staged release; absolute. */
  release: string;
  /** Where it will be: an empty directory until then. */
  at: string;
  /** The directory that Node fills; belongs to the gateway's user. */
  cache: string;
}

export interface CandidateRequest {
  /** The Node of the release, and its program; absolute. */
  node: string;
  main: string;
  /** The state that the candidate may do with as it likes; it is changed by this. Belongs to the gateway's user. */
  copy: Place;
  /** Where the candidate finds it: the place of the live state, which paths in the state name. */
  place: Place;
  /** What the gateway is started with; best of all the whole environment of the running one. Never printed or stored. */
  launch: Launch;
  signal?: AbortSignal | undefined;
  /** For the gateway to become ready; milliseconds. */
  timeoutMs: number;
  warming?: CompileCache | undefined;
  /** Gets as much of the processor as the gateway that runs, and does not give way to it. */
  urgent?: boolean;
}

/** How the start of a candidate went. */
export interface CandidateReport {
  ready: boolean;
  /** Milliseconds until it was, or until it was given up. */
  readyMs: number;
  /** The version that it says it is, or null. */
  version: string | null;
  /** What it said was not ready, by the names of `/readyz`. */
  failing: string[];
  /** How it ended by itself; null for one that was still running, and was ended. */
  exit: { code: number | null; signal: NodeJS.Signals | null } | null;
  /** Its last lines, without secrets. */
  said: string;
}

/** What the worker is told, over a pipe and never on a command line: the environment holds secrets. */
export interface CandidateOrder {
  node: string;
  main: string;
  args: string[];
  env: Record<string, string>;
  directory: string;
  endpoint: Endpoint;
  timeoutMs: number;
  urgent: boolean;
  /** Milliseconds for one that was ready to end by itself; what it has compiled is kept only then. */
  endMs: number;
}

/** Some 40 MB of what was compiled are written then, beside a gateway that serves people. */
export const END_MS = 20_000;

/** A candidate as it is started: whose it is, what it can see and write besides this host, and what it is told. */
export interface PreparedCandidate {
  identity: Identity;
  bindings: Binding[];
  command: string[];
  order: CandidateOrder;
}

/** @throws what the filesystem says of something that is named and does not exist */
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
  const endpoint = endpointOf(request);
  return {
    identity: identityOf(copy.directory),
    bindings,
    command: [node, WORKER],
    order: {
      ...{ node, main, ...candidateLaunch(launch, warming?.cache), directory: place.directory },
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

/** Only the superuser can be somebody else: the user of the gateway, whose copy it is. */
function identityOf(directory: string): Identity {
  const { uid, gid } = statSync(directory);
  const own = process.getuid?.() ?? uid;
  return own === 0 ? { uid, gid } : { uid: own, gid: process.getgid?.() ?? gid };
}

/** Where it will answer: by the copy, since the live configuration may have been edited meanwhile. */
function endpointOf({ copy, place, launch }: CandidateRequest): Endpoint {
  const named = launch.env.OPENCLAW_CONFIG_PATH;
  const inside = named && join(copy.directory, relative(place.directory, named));
  const OPENCLAW_CONFIG_PATH = copy.config ?? (inside || join(copy.directory, 'openclaw.json'));
  return findEndpoint({ args: launch.args, env: { ...launch.env, OPENCLAW_CONFIG_PATH } });
}

/** What is around the dependencies of a program. */
function releaseOf(main: string): string {
  const [release = '', ...inside] = main.split('/node_modules/');
  return inside.length > 0 ? release : dirname(main);
}
