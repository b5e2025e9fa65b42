import { duration } from '../core/duration.js';
import { moment } from '../core/moment.js';
import type { Companion } from '../openclaw/companions.js';
import type { Peer } from '../openclaw/peers.js';
import { admission, type KnownProtocol, type Protocol, protocolAt } from '../openclaw/protocol.js';
import type { ReleaseNode } from '../registry/node-choice.js';
import { heldText } from '../store/hold-text.js';
import type { Hold } from '../store/policy.js';
import type { SwitchFinding, SwitchFindingCode } from './switch-finding.js';

export interface PluginFacts {
  companions: readonly Companion[];
  /** Installed plugins that refuse the target and not the running release, each with a sentence. */
  excluded: readonly { plugin: string; why: string }[];
}

export interface OperatorPolicy {
  hold: Hold | null;
  /** Failure of the target here, while its quarantine lasts. */
  failure: { message: string; until: Date } | null;
  /** The running release, where it is pinned. */
  pinned: string | null;
}

export interface SwitchFacts {
  to: string;
  /** Null where the files of the release do not tell, or are not here. */
  protocols: { from: Protocol | null; to: Protocol | null };
  /** The target is staged. */
  isHere: boolean;
  /** Settings that an update without a version heeds, and a named one does not. */
  policy: OperatorPolicy;
  known: readonly KnownProtocol[];
  /** Those that the switch concerns; null where no gateway tells. */
  peers: readonly Peer[] | null;
  /** Null where the list of plugins cannot be read. */
  plugins: PluginFacts | null;
  engines: string | null;
  node: ReleaseNode | { error: { message: string } } | null;
  /** `needsState`: rolling back restores the snapshot; null where no rule tells. */
  rollback: { needsState: boolean | null; why: string } | null;
  /** `ms`: the whole update; null for another change, which stages nothing. */
  expected: { ms: number | null; outageMs: number; updates: number } | null;
}

/** Finds what a switch means for this host. Reads only its input; what is not known is said, and never stands in the way. */
export function switchFindings(facts: SwitchFacts): SwitchFinding[] {
  return [ofPolicy, ofPeers, ofPlugins, ofNode, ofState, ofOutage].flatMap((of) => of(facts));
}

function ofPolicy({ to, policy: { hold, failure, pinned } }: SwitchFacts): SwitchFinding[] {
  const [about, weight] = ['policy', 'warning'] as const;
  const found: [SwitchFindingCode, string | null][] = [
    ['updates_held', hold && `Updates are held${heldText(hold)}.`],
    [
      'release_quarantined',
      failure &&
        `${to} failed here, and is in quarantine until ${moment(failure.until.getTime())}: ${failure.message}`,
    ],
    ['release_pinned', pinned && `${pinned} is pinned.`],
  ];
  return found.flatMap(([code, sentence]) => (sentence === null ? [] : [{ code, about, weight, sentence }]));
}

export function ofPeers({ to, protocols, isHere, known, peers }: PeerFacts): SwitchFinding[] {
  const target = protocols.to;
  const found = (code: SwitchFindingCode, weight: SwitchFinding['weight'], sentence: string) => [
    { code, about: 'clients', weight, sentence } as const,
  ];
  if (peers?.length === 0) return [];
  if (target === null) {
    const sentence = isHere
      ? `${to} does not tell its protocol, so it is not known if it accepts every client.`
      : `The protocol of ${to} is not known before it is staged: openclaw-releases stage ${to}`;
    return found('protocol_unknown', 'information', sentence);
  }
  if (peers === null) {
    const sentence = `${to} does not accept all clients of today, and no gateway tells which are there.`;
    return found('peers_unknown', 'information', sentence);
  }
  return peers.flatMap((peer): SwitchFinding[] => {
    const speaks = protocolAt(peer.version, known);
    const named = `The ${peer.role} ${peer.name}${peer.version === null ? '' : ` (${peer.version})`}`;
    const speaking = `${named} speaks protocol ${speaks}`;
    switch (admission(speaks, peer.role, target)) {
      case 'refused': {
        const sentence = `${speaking}, which ${to} refuses: update it first, or it stays away.`;
        return found('peer_refused', 'warning', sentence);
      }
      case 'limited':
        return found(
          'peer_limited',
          'information',
          `${speaking}; ${to} accepts it without what plugins add.`,
        );
      case 'unknown': {
        const sentence = `${named} may be refused by ${to}: its protocol is not known.`;
        return found('peer_unknown', 'information', sentence);
      }
      default:
        return [];
    }
  });
}

type PeerFacts = Pick<SwitchFacts, 'to' | 'protocols' | 'isHere' | 'known' | 'peers'>;

function ofPlugins({ to, plugins }: SwitchFacts): SwitchFinding[] {
  const about = 'plugins';
  if (plugins === null) {
    const sentence = 'It is not known which plugins are installed: their list cannot be read.';
    return [{ code: 'plugin_unknown', about, weight: 'information', sentence }];
  }
  const { companions, excluded } = plugins;
  return [
    ...companions.flatMap(({ package: name, version, isPublished }): SwitchFinding[] => {
      if (isPublished) return [];
      if (isPublished === null) {
        const sentence = `It is not known if ${name} is published for ${to}; ${version} is installed.`;
        return [{ code: 'plugin_unknown', about, weight: 'information', sentence }];
      }
      const sentence = `${name} is not published for ${to} yet; ${version} is installed.`;
      return [{ code: 'plugin_unpublished', about, weight: 'wait', sentence }];
    }),
    ...excluded.map(({ plugin, why }): SwitchFinding => {
      const sentence = `The plugin ${plugin} does not fit ${to}: ${why}`;
      return { code: 'plugin_excluded', about, weight: 'warning', sentence };
    }),
  ];
}

const FROM: Record<ReleaseNode['kind'], string> = {
  root: 'is here',
  pack: 'comes with the pack',
  host: 'is copied from this host',
  registry: 'comes from the registry',
};

function ofNode({ engines, node }: SwitchFacts): SwitchFinding[] {
  if (node === null) return [];
  const about = 'Node';
  const needed = engines === null ? 'declares no Node' : `needs Node ${engines}`;
  if ('error' in node) {
    const sentence = `The release ${needed}: ${node.error.message}`;
    return [{ code: 'node_missing', about, weight: 'warning', sentence }];
  }
  const sentence = `The release ${needed}; ${node.version} ${FROM[node.kind]}.`;
  return [{ code: 'node_chosen', about, weight: 'information', sentence }];
}

function ofState({ rollback }: SwitchFacts): SwitchFinding[] {
  if (rollback === null) return [];
  const [about, weight] = ['state', 'information'] as const;
  const { needsState, why } = rollback;
  if (needsState === null) {
    const sentence = `Rolling back may need the snapshot of the state: ${why}.`;
    return [{ code: 'state_unknown', about, weight, sentence }];
  }
  if (needsState) {
    const sentence = `The databases are migrated, which cannot be undone: ${why}. Rolling back restores the snapshot of today's state.`;
    return [{ code: 'state_migrates', about, weight, sentence }];
  }
  const sentence = `Rolling back does not need the snapshot of the state: ${why}.`;
  return [{ code: 'state_kept', about, weight, sentence }];
}

function ofOutage({ expected }: SwitchFacts): SwitchFinding {
  const [about, weight] = ['outage', 'information'] as const;
  if (expected === null) {
    const sentence = 'How long the gateway will be away is not known, as no update was made here yet.';
    return { code: 'outage_unknown', about, weight, sentence };
  }
  const { ms, outageMs, updates } = expected;
  const from = updates === 1 ? 'the one update' : `the median of ${updates} updates`;
  const away =
    ms === null
      ? `The gateway is away for about ${duration(outageMs)}`
      : `The update takes about ${duration(ms)}, and the gateway is away for ${duration(outageMs)} of it`;
  const sentence = `${away}: ${from} here.`;
  return { code: 'outage_expected', about, weight, sentence };
}
