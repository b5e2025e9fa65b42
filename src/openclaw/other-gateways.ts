import { basename } from 'node:path';
import { listenersOf } from '../host/listener.js';
import { type Place, placeOf } from '../host/place.js';
import { commandLineOf, environmentOf, processIds } from '../host/process.js';
import { controlGroupsOf } from '../host/systemd/control-group.js';
import type { UnitAddress } from '../host/systemd/systemctl.js';
import { readUnit } from '../host/systemd/unit.js';

/** Title that OpenClaw gives to its process, or its command. */
const GATEWAY = /^openclaw-gateway\b|openclaw\S*\s(.*\s)?gateway(\s|$)/;

export interface OtherGateway {
  pid: number;
  place: Place | null;
  text: string;
}

/** Finds the processes that listen as a gateway does and that the supervisor does not own. */
export async function otherGateways(owns: (pid: number) => Promise<boolean>): Promise<OtherGateway[]> {
  const found: OtherGateway[] = [];
  for (const pid of processIds()) {
    const command = commandLineOf(pid);
    if (!GATEWAY.test(command) || pid === process.pid) continue;
    const env = environmentOf(pid);
    const ports = [...new Set(listenersOf([pid]).map(({ port }) => port))];
    // A shell around a gateway does not listen.
    if ((Object.keys(env).length > 0 && ports.length === 0) || (await owns(pid))) continue;
    const service = serviceOf(pid);
    const args = (service && (await argumentsOf(service))) ?? command.split(' ').slice(1);
    const place = isNamed(args, env) ? placeOf({ env, args }) : null;
    found.push({ pid, place, text: describe(pid, service, place, ports) });
  }
  return found;
}

/** OpenClaw replaces its command line by a title, so its profile is known where something else has it. */
function isNamed(args: string[], env: Record<string, string>): boolean {
  const isReadable = Object.keys(env).length > 0;
  return isReadable && (args.length > 0 || Boolean(env.OPENCLAW_STATE_DIR || env.OPENCLAW_PROFILE));
}

function describe(pid: number, service: UnitAddress | null, place: Place | null, ports: number[]): string {
  const of =
    place === null ? ['unknown profile'] : [`profile ${place.profile || 'default'}`, place.directory];
  const heard = ports.map((port) => `port ${port}`);
  return `Process ${pid}${service ? ` of ${service.unit}` : ''} (${[...of, ...heard].join(', ')})`;
}

function serviceOf(pid: number): UnitAddress | null {
  const path = controlGroupsOf(pid).find((each) => each.endsWith('.service'));
  return path ? { unit: basename(path), scope: path.includes('/user@') ? 'user' : 'system' } : null;
}

async function argumentsOf(service: UnitAddress): Promise<string[] | null> {
  try {
    return (await readUnit(service)).args;
  } catch {
    return null;
  }
}
