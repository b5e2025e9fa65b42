import { environmentOf } from '../../host/process.js';
import { processesOfUnit } from '../../host/systemd/control-group.js';
import type { UnitAddress } from '../../host/systemd/systemctl.js';
import { launchEnvironment } from '../builtin/launch.js';
import type { Glance } from '../supervisor.js';

/**
 * Finds the main process in the control group of a service: systemd gives each process that it starts its own pid
 * (`SYSTEMD_EXEC_PID`, systemd.exec(5)), which children inherit and do not match. Null unless exactly one matches: an
 * older systemd sets no pid, a unit may have another slice, processes of another user cannot be read, and a reload runs
 * beside the gateway for a moment.
 */
export function glanceAtUnit(address: UnitAddress, mounts?: readonly string[]): Glance | null {
  const started = processesOfUnit(address, mounts).flatMap((pid) => {
    const env = environmentOf(pid);
    const { SYSTEMD_EXEC_PID: told, INVOCATION_ID: instance } = env;
    return told === String(pid) && instance ? [{ pid, instance, env: launchEnvironment(env) }] : [];
  });
  return started.length === 1 ? (started[0] ?? null) : null;
}
