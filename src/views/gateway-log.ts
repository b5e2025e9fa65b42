import { parseEnv } from 'node:util';
import { type GatewayUnit, readGatewayUnit } from '../adopt/unit.js';
import { plainText } from '../core/bounded-file.js';
import { expandSpecifiers } from '../host/systemd/command-line.js';
import { inspectIfThere, wholeLaunch } from '../ledger/running-release.js';
import { findStatePlace } from '../state/place.js';
import { type Redact, redactorFor } from '../state/secrets.js';
import type { Root } from '../store/root.js';
import { readSupervisorRecord } from '../supervisor/select.js';
import type { Supervisor } from '../supervisor/supervisor.js';

/**
 * Reads the last lines of the gateway's log, without the secrets of the gateway; null where its supervisor keeps none.
 * @throws ReleasesError `supervisor_failed`
 */
export async function gatewayLog(
  root: Root,
  supervisor: Supervisor,
  lines: number,
): Promise<string[] | null> {
  const log = await supervisor.readLog?.(lines);
  if (log === undefined) return null;
  const redact = await gatewayRedactor(supervisor, await unitIfReadable(root));
  return log.split('\n').map(redact);
}

export async function unitIfReadable(root: Root): Promise<GatewayUnit | null> {
  const record = readSupervisorRecord(root.path);
  return record && (await readGatewayUnit(record).catch(() => null));
}

/** Knows the secrets of the running gateway, and of its unit: a stopped gateway has them from there. */
export async function gatewayRedactor(supervisor: Supervisor, unit: GatewayUnit | null): Promise<Redact> {
  const gateway = await inspectIfThere(supervisor).catch(() => null);
  const launch = gateway ? wholeLaunch(gateway) : { args: [], env: ownEnvironment() };
  return redactorFor(findStatePlace(launch), { ...(unit && variablesOf(unit)), ...launch.env });
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
}

function variablesOf({ now, specifiers }: GatewayUnit): Record<string, string> {
  const files = (now.assigned.EnvironmentFile ?? []).map((path) =>
    expandSpecifiers(path.replace(/^-/, ''), specifiers),
  );
  return Object.assign({}, now.environment, ...files.map((path) => parseEnv(plainText(path) ?? '')));
}
