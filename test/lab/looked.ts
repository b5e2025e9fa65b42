import { join } from 'node:path';
import type { LabGateway } from './gateway.js';
import { type Machine, NODE, REPOSITORY, type Who } from './machine.js';
import { type Answer, CLI } from './operator.js';

const at = (module: string) => JSON.stringify(join(REPOSITORY, 'dist', module));

const LOOK = `
import { cacheVersions } from ${at('rollback/compatibility/current-state.js')};
import { lookOf } from ${at('state/fingerprint.js')};
import { findStatePlace } from ${at('state/place.js')};
import { readStateVersions } from ${at('state/versions.js')};
import { rootAt } from ${at('store/root.js')};
const [root, state, instance] = process.argv.slice(2);
const place = findStatePlace({ env: { OPENCLAW_STATE_DIR: state } });
const versions = await readStateVersions(place, process.execPath);
cacheVersions(rootAt(root), lookOf(place, versions, instance), versions);
`;

/** Record of `list` about the state once the gateway has run for two minutes, which nobody waits for here. */
export async function keepLook(machine: Machine, gateway: LabGateway, root: string): Promise<void> {
  const { InvocationID } = await gateway.show();
  await machine.write('/tmp/look.mjs', LOOK);
  await machine.run(`${NODE} /tmp/look.mjs '${root}' '${gateway.state}' ${InvocationID}`);
}

/** View of a reader where systemctl is missing. */
export async function lookBlindly(
  machine: Machine,
  what: 'list' | 'status',
  options: { root: string; as?: Who },
): Promise<Answer['json']> {
  const { root, as = 'claw' } = options;
  const command = `PATH=/nowhere ${CLI} ${what} --root '${root}' --json`;
  return JSON.parse((await machine.run(command, { as, reject: false })).stdout);
}

/** The ids of what a list has as running. */
export function runningIn({ releases }: Answer['json']): string[] {
  const running = releases.filter(({ marks }: { marks: string[] }) => marks.includes('running'));
  return running.map(({ id }: { id: string }) => id);
}
