import { isRecord, type Json, member } from '../core/json.js';
import { oneLine } from '../core/printable.js';
import type { Door } from './endpoint.js';
import { askGateway } from './rpc-client.js';

const TIMEOUT_MS = 5000;
const LONGEST_NAME = 80;
const MOST = 50;

/** A program that connects to the gateway and is updated apart from it. */
export interface Peer {
  role: 'node' | 'client';
  name: string;
  /** As it says itself; null where the gateway does not know. */
  version: string | null;
}

/** Clients that come with the gateway, and so have its protocol after the switch: its page, its tools, its own probes. */
const OF_THE_GATEWAY: ReadonlySet<unknown> = new Set(['gateway', 'webchat', 'backend', 'probe', 'node']);

/**
 * Asks a gateway for its paired nodes, and for the clients of the last minutes; it remembers no others. The calls exist
 * in all versions since 2026.5. Null where it does not answer; never throws.
 */
export async function peersOf(endpoint: Door): Promise<Peer[] | null> {
  const ask = async (method: string) => (await askGateway(endpoint, { method }, TIMEOUT_MS)).payload;
  const [listed, present] = await Promise.all([ask('node.list'), ask('system-presence')]);
  if (listed === null && present === null) return null;
  const peers = [
    ...records(member(listed, 'nodes')).map((node) => peer('node', node.displayName ?? node.nodeId, node)),
    ...records(present)
      .filter(({ mode, ip }) => !OF_THE_GATEWAY.has(mode) && (mode !== 'cli' || typeof ip === 'string'))
      .map((client) => peer('client', client.host ?? client.clientId, client)),
  ];
  const distinct = new Map(peers.map((one) => [JSON.stringify(one), one]));
  return [...distinct.values()].slice(0, MOST);
}

function peer(role: Peer['role'], name: unknown, { version, coreVersion }: Json): Peer {
  const [said] = [coreVersion, version].filter((text) => typeof text === 'string' && text !== '');
  return {
    role,
    name: oneLine(String(name ?? 'without a name'), LONGEST_NAME),
    version: said === undefined ? null : oneLine(String(said), LONGEST_NAME),
  };
}

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
