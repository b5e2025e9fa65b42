import { dirname, join } from 'node:path';
import { runningRelease, wholeLaunch } from '../ledger/running-release.js';
import { type AskVersions, companionsOf } from '../openclaw/companions.js';
import { peersOf } from '../openclaw/peers.js';
import { listPlugins } from '../openclaw/plugins.js';
import { acceptsAsMuch, readProtocol } from '../openclaw/protocol.js';
import { reach } from '../openclaw/reach.js';
import { nodeFor } from '../rollback/compatibility/sqlite-node.js';
import { configPath, findStatePlace } from '../state/place.js';
import { currentRelease } from '../store/links.js';
import { findManifest, listReleases, releaseDirectory } from '../store/manifest.js';
import { holdOf, readPolicy } from '../store/policy.js';
import { quarantineEnd, quarantineOf } from '../store/quarantine.js';
import type { Root } from '../store/root.js';
import type { Inspection } from '../supervisor/supervisor.js';
import type { SwitchFinding } from './switch-finding.js';
import {
  type OperatorPolicy,
  type PluginFacts,
  type SwitchFacts,
  switchFindings,
} from './switch-findings.js';

/** Release that a switch would bring, staged or not. */
export type SwitchTarget = Pick<SwitchFacts, 'to' | 'engines' | 'node' | 'rollback' | 'expected'>;

/**
 * Finds what a switch means, from the releases here, from the gateway, and from what its publisher has of its plugins.
 * Never throws for what it cannot learn.
 * @param gateway null when none is known
 */
export async function beforeSwitch(
  root: Root,
  gateway: Inspection | null,
  target: SwitchTarget,
  ask: AskVersions,
  signal?: AbortSignal,
): Promise<SwitchFinding[]> {
  const from = (gateway && runningRelease(root, gateway)) ?? currentRelease(root);
  const { isSame, ...protocols } = protocolFacts(root, from, target.to);
  const [peers, plugins] = await Promise.all([
    isSame ? [] : gateway?.pid ? peersOf((await reach(gateway)).endpoint) : null,
    gateway && from
      ? pluginFacts(root, gateway, from, target.to, ask, signal)
      : { companions: [], excluded: [] },
  ]);
  return switchFindings({
    ...{ ...target, ...protocols, peers, plugins },
    policy: policyOf(root, from, target.to),
  });
}

function policyOf(root: Root, from: string | null, to: string): OperatorPolicy {
  const policy = readPolicy(root);
  const failure = quarantineOf(policy, to);
  return {
    hold: holdOf(policy),
    failure: failure && { message: failure.cause.message, until: quarantineEnd(failure) },
    pinned: from !== null && policy.pins.includes(from) ? from : null,
  };
}

/**
 * Finds the protocols of two releases. Tells which clients of a gateway a switch concerns: none, where it changes nothing
 * for them.
 * @param from release that runs; null when it is none of this root
 * @param to release that may not be here
 */
export function protocolFacts(root: Root, from: string | null, to: string): ProtocolFacts {
  const found = listReleases(root).releases.flatMap(({ id, version, main }) => {
    const protocol = readProtocol(dirname(join(releaseDirectory(root, id), main)));
    return protocol === null ? [] : [{ id, version, protocol }];
  });
  const protocolOf = (release: string | null) => found.find(({ id }) => id === release)?.protocol ?? null;
  const protocols = { from: protocolOf(from), to: protocolOf(to) };
  return {
    ...{ to, protocols, isHere: findManifest(root, to) !== null },
    known: found.map(({ version, protocol: { current } }) => ({ version, current })),
    isSame: protocols.from !== null && protocols.to !== null && acceptsAsMuch(protocols.to, protocols.from),
  };
}

interface ProtocolFacts extends Pick<SwitchFacts, 'to' | 'protocols' | 'isHere' | 'known'> {
  isSame: boolean;
}

/** A list of plugins is read in moments, or its disk does not answer. */
const LOOK_MS = 60_000;

/** Returns null where the list of plugins cannot be read. */
export async function pluginFacts(
  root: Root,
  gateway: Inspection,
  from: string,
  to: string,
  ask: AskVersions,
  signal?: AbortSignal,
): Promise<PluginFacts | null> {
  const versionOf = (release: string) => findManifest(root, release)?.version ?? release;
  const inTime = AbortSignal.any([AbortSignal.timeout(LOOK_MS), ...(signal ? [signal] : [])]);
  try {
    const state = findStatePlace(wholeLaunch(gateway));
    const node = await nodeFor(root, gateway, state).catch(() => null);
    const place = { state: state.directory, config: configPath(state), node };
    const [then, now] = [
      await listPlugins(place, versionOf(to), inTime),
      await listPlugins(place, versionOf(from), inTime),
    ];
    const fitted = new Set(now.filter(({ problem }) => problem === null).map(({ id }) => id));
    const excluded = then.flatMap(({ id, problem, enabled }) =>
      enabled && problem !== null && fitted.has(id) ? [{ plugin: id, why: problem }] : [],
    );
    return { companions: await companionsOf(then, versionOf(from), versionOf(to), ask), excluded };
  } catch {
    return null;
  }
}
