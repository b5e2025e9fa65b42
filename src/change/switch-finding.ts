/** Stable names; scripts match them. */
export type SwitchFindingCode =
  | 'updates_held'
  | 'release_quarantined'
  | 'release_pinned'
  | 'peer_refused'
  | 'peer_limited'
  | 'peer_unknown'
  | 'peers_unknown'
  | 'protocol_unknown'
  | 'plugin_unpublished'
  | 'plugin_excluded'
  | 'plugin_unknown'
  | 'node_chosen'
  | 'node_missing'
  | 'state_migrates'
  | 'state_kept'
  | 'state_unknown'
  | 'outage_expected'
  | 'outage_unknown';

/** A consequence of a switch to another release, known before it. */
export interface SwitchFinding {
  code: SwitchFindingCode;
  about: 'policy' | 'clients' | 'plugins' | 'Node' | 'state' | 'outage';
  /** `wait`: the timer waits for it, up to its deadline; a person's update does not. */
  weight: 'information' | 'warning' | 'wait';
  sentence: string;
}
