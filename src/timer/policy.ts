import { readTimer } from '../adopt/timer-unit-record.js';
import { readGatewayUnit } from '../adopt/unit.js';
import { toErrorRecord } from '../core/errors.js';
import { blockedByOwner, type OwnSettings, readOwnSettings } from '../openclaw/update-settings.js';
import { holdOf, type Policy, readPolicy } from '../store/policy.js';
import { quarantineEnd } from '../store/quarantine.js';
import type { Root } from '../store/root.js';
import { tryReadYanked } from '../store/yanked.js';
import { readSupervisorRecord } from '../supervisor/select.js';
import type { Inspection } from '../supervisor/supervisor.js';
import type { PolicyFacts } from './rules/facts.js';
import { type Channel, DEFAULTS, type Settings } from './rules/settings.js';

export type ChannelSource = 'timer' | 'openclaw' | 'default';

export interface AutoPolicy {
  settings: Settings;
  channelFrom: ChannelSource;
  facts: PolicyFacts;
  notes: string[];
}

/** @param gateway null when no supervisor answers; `env` then tells where the configuration is */
export async function autoPolicy(
  root: Root,
  gateway: Inspection | null,
  now: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<AutoPolicy> {
  const policy = readPolicy(root);
  const launch = gateway?.launch ?? { args: [], env: gatewayVariables(env) };
  const own = readOwnSettings(launch);
  const { channel, from, blocks, notes } = channelOf(policy, own);
  const { enabled, broken } = enabledIn(root);
  const yanked = tryReadYanked(root);
  const environments = [
    { of: 'the environment of this command', env },
    ...(await ofGateway(root, gateway, env)),
  ];
  return {
    settings: { ...DEFAULTS, ...(policy.schedule as Partial<Settings> | undefined), channel },
    channelFrom: from,
    facts: {
      pins: policy.pins,
      hold: holdOf(policy, now),
      quarantine: Object.fromEntries(
        Object.entries(policy.quarantine).map(([id, entry]) => [
          id,
          { until: quarantineEnd(entry).toISOString(), points: entry.points ?? 1 },
        ]),
      ),
      enabled,
      blockedBy: [
        ...broken,
        ...(yanked.state === 'corrupt' ? [`${root.yanked} ${yanked.why}.`] : []),
        ...blockedByOwner(own, environments),
        ...blocks,
      ],
      breakerResetAt: policy.breakerResetAt ?? null,
      yanked: yanked.state === 'ok' ? yanked.value : null,
    },
    notes,
  };
}

/** Prefers the operator's `timer enable` to OpenClaw's own channel. */
function channelOf(
  { schedule }: Policy,
  { channel: own }: OwnSettings,
): { channel: Channel; from: ChannelSource; blocks: string[]; notes: string[] } {
  const none = { blocks: [], notes: [] };
  if (schedule?.channel) {
    const differs = own !== null && own !== schedule.channel;
    const note = `OpenClaw's update.channel is ${own}, and the timer keeps to ${schedule.channel}, as it was told.`;
    return { ...none, channel: schedule.channel, from: 'timer', notes: differs ? [note] : [] };
  }
  if (own === null) return { ...none, channel: DEFAULTS.channel, from: 'default' };
  if (own === 'stable' || own === 'beta') return { ...none, channel: own, from: 'openclaw' };
  const why =
    own === 'extended-stable'
      ? 'is only ever updated by hand: openclaw-releases update extended-stable'
      : own === 'dev'
        ? 'is built from sources, and there are no releases of it'
        : 'is no channel';
  const block = `OpenClaw's update.channel is ${JSON.stringify(own)}, which ${why}; or openclaw-releases timer enable --channel stable.`;
  return { ...none, channel: DEFAULTS.channel, from: 'openclaw', blocks: [block] };
}

function enabledIn(root: Root): { enabled: boolean; broken: string[] } {
  try {
    return { enabled: readTimer(root.path) !== null, broken: [] };
  } catch (error) {
    return { enabled: false, broken: [toErrorRecord(error).message] };
  }
}

/** Leaves out our drop-in, since it sets variables that the operator did not set. */
async function ofGateway(root: Root, gateway: Inspection | null, env: NodeJS.ProcessEnv) {
  const record = readSupervisorRecord(root.path);
  if (!record) return gateway ? [{ of: 'the environment of the supervisor', env: gateway.launch.env }] : [];
  const unit = await readGatewayUnit(record, env);
  return unit ? [{ of: record.unit, env: unit.own.environment }] : [];
}

function gatewayVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  const named = Object.entries(env).filter(([name]) => name === 'HOME' || name.startsWith('OPENCLAW_'));
  return Object.fromEntries(named.map(([name, value]) => [name, value ?? '']));
}
