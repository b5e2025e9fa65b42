import type { Context } from '../ledger/context.js';
import type { Door } from '../openclaw/endpoint.js';
import { peersOf } from '../openclaw/peers.js';
import { protocolFacts } from './switch-facts.js';
import { ofPeers } from './switch-findings.js';

/** Names in the change, before its switch, the nodes and clients that the target will refuse. Never throws. */
export async function nameRefusedPeers({ root, change }: Context, door: Door): Promise<void> {
  const { from, to } = change.facts;
  if (to === null || from === to || !change.plan.steps.includes('switch')) return;
  try {
    const { isSame, ...facts } = protocolFacts(root, from, to);
    if (isSame || facts.protocols.to === null) return;
    const findings = ofPeers({ ...facts, peers: await peersOf(door) });
    const refused = findings.filter(({ code }) => code === 'peer_refused');
    change.warnings.push(...refused.map(({ sentence }) => sentence));
  } catch {
    // Another record that cannot be read is no reason to end a change.
  }
}
