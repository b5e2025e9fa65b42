import { gatewayAmong } from '../../host/gateway-process.js';
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
  const pids = processesOfUnit(address, mounts);
  const [main, ...others] = pids.filter((pid) => environmentOf(pid).SYSTEMD_EXEC_PID === String(pid));
  if (main === undefined || others.length > 0) return null;
  const pid = gatewayAmong(main, () => pids);
  const env = environmentOf(pid);
  const instance = env.INVOCATION_ID;
  return instance ? { pid, instance, env: launchEnvironment(env) } : null;
}
