import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPackages } from '../adopt/install.js';
import { findOtherSupervisors } from '../adopt/other-supervisor.js';
import { defaultUnit, readGatewayUnit } from '../adopt/unit.js';
import { inVersionOrder } from '../core/version.js';
import { accountOf } from '../host/account.js';
import { placeOf } from '../host/place.js';
import { argumentsOf, environmentOf, userOf } from '../host/process.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { releaseDocuments } from './release.js';
import { type Overview, overview } from './status.js';

export type SetupStep =
  | { kind: 'recover' }
  | { kind: 'stage' | 'switch'; target: string }
  | { kind: 'adopt'; unit: UnitAddress };

/** Way from what is there to a running gateway. */
export interface Setup {
  found: string;
  /** Steps that this program makes; after the first one the way is planned anew. */
  steps: SetupStep[];
  /** Commands for the operator after them; empty where nothing needs to be done. */
  next: string[];
}

/** @param tried kinds of steps that were made already, so that none is made twice */
export async function planSetup(
  root: Root,
  supervisor: Supervisor,
  tried: ReadonlySet<string> = new Set(),
): Promise<Setup> {
  const seen = await overview(root, supervisor);
  if (seen.running)
    return {
      found: `${seen.running.change} is active.`,
      steps: [],
      next: ['openclaw-releases status --follow'],
    };
  const broken = [
    ...seen.interrupted.map((change) => `${change} was interrupted`),
    ...seen.corrupt.map(({ path, why }) => `${path} ${why}`),
    ...seen.faults.map(({ release, why }) => `${release} cannot be started: ${why}`),
  ];
  if (broken.length > 0 && !tried.has('recover'))
    return {
      found: `${broken.join('; ')}.`,
      steps: [{ kind: 'recover' }],
      next: ['openclaw-releases setup'],
    };
  if (seen.gateway) return ofSupervised(seen, seen.gateway, supervisor);
  return (await ofForeignGateway()) ?? (await ofNone(root, seen.current));
}

function ofSupervised(
  seen: Overview,
  gateway: NonNullable<Overview['gateway']>,
  { byHand }: Supervisor,
): Setup {
  const { current, previous } = seen;
  const { pid, release, health, state } = gateway;
  const back = previous === null ? 'openclaw-releases history' : 'openclaw-releases rollback';
  if (pid === null) return { found: `The gateway is ${state}.`, steps: [], next: [byHand.restart ?? back] };
  if (release !== null && release === current && health.ready)
    return { found: `${release} runs and is ready. Nothing needs to be done.`, steps: [], next: [] };
  if (release === null)
    return {
      found: `Process ${pid} is no release of this root.`,
      steps: [],
      next: ['openclaw-releases doctor'],
    };
  if (release !== current && current !== null)
    return {
      found: `${release} runs, and ${current} is current.`,
      steps: [],
      next: [`openclaw-releases switch ${current}`],
    };
  return { found: `${release} runs and is not ready.`, steps: [], next: [back] };
}

/** A gateway of the same state directory that another supervisor runs. */
async function ofForeignGateway(): Promise<Setup | null> {
  const { directory } = placeOf({ env: process.env as Record<string, string> });
  for (const scope of ['user', 'system'] as const) {
    const address = { unit: defaultUnit(), scope };
    const unit = await readGatewayUnit(address).catch(() => null);
    if (!unit) continue;
    const [command] = unit.own.commands;
    const args = command?.words.map(({ value }) => value) ?? [];
    // systemd gives a service the home of its user, which no specifier of a system unit names.
    const home = scope === 'system' ? accountOf(unit.user ?? 0)?.home : unit.specifiers.h;
    const env = { HOME: home ?? process.env.HOME ?? '/', ...unit.own.environment };
    if (placeOf({ env, args }).directory !== directory) continue;
    const found = `The systemd unit ${unit.name} (${scope}) runs an OpenClaw that was installed otherwise.`;
    return { found, steps: [{ kind: 'adopt', unit: address }], next: ['openclaw-releases status'] };
  }
  const [other] = findOtherSupervisors(process.env, undefined, (gateway) => {
    const env = environmentOf(gateway);
    return (
      userOf(gateway) === process.getuid?.() &&
      placeOf({ env, args: argumentsOf(gateway) }).directory === directory
    );
  });
  if (!other) return null;
  const found = `${other.name} runs process ${other.gateway}, a gateway that was installed otherwise.`;
  return { found, steps: [], next: ['openclaw-releases adopt --dry-run'] };
}

async function ofNone(root: Root, current: string | null): Promise<Setup> {
  const { config } = placeOf({ env: process.env as Record<string, string> });
  const next = [
    ...(existsSync(config) ? [] : [`${join(root.bin, 'openclaw')} setup`]),
    'openclaw-releases run',
  ];
  if (current !== null && findManifest(root, current))
    return { found: `${current} is current, and no gateway runs.`, steps: [], next };
  const sound = releaseDocuments(root, null).releases.filter(
    ({ quarantine, fault }) => quarantine === null && fault === null,
  );
  const newest = inVersionOrder(sound, ({ id }) => id).at(-1);
  if (newest)
    return {
      found: `${newest.id} is staged, and no release is current.`,
      steps: [{ kind: 'switch', target: newest.id }],
      next,
    };
  const [installed] = await findPackages(process.env);
  const target = installed?.version ?? 'latest';
  return {
    found: installed
      ? `OpenClaw ${target} is installed in ${installed.root}, and no gateway runs.`
      : 'There is no OpenClaw here yet.',
    steps: [
      { kind: 'stage', target },
      { kind: 'switch', target },
    ],
    next,
  };
}
