import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../src/host/port.js';
import { TOKEN } from '../../lab/gateway.js';
import { bootMachine, type Machine } from '../../lab/machine.js';
import { observe } from '../../lab/observed.js';
import { atEndOfAll } from '../../support/at-end.js';
import { type OpenClaw, openclawAt, UNIT } from '../openclaw-gateway.js';
import { FIRST, type Login, loginWith, npmOpenClaw } from '../openclaw-install.js';
import { LONG_MS } from '../openclaw-story.js';
import { adoptAndUpdateBadly } from './bad-update.js';

const atEnd = atEndOfAll();
let machine: Machine;
let work: OpenClaw;
let other: OpenClaw;

beforeAll(async () => {
  machine = await bootMachine({ atEnd });
  const login = await npmOpenClaw(machine);
  other = await install(login, { unit: UNIT });
  work = await install(loginWith(login, { OPENCLAW_PROFILE: 'work' }), {
    unit: 'openclaw-gateway-work.service',
    profile: 'work',
  });
  for (const each of [other, work]) await each.ready(FIRST.openclaw);
}, LONG_MS);

async function install(login: Login, place: { unit: string; profile?: string }): Promise<OpenClaw> {
  const port = await freePort();
  const suffix = place.profile ? `-${place.profile}` : '';
  const state = join(login.home, `.openclaw${suffix}`);
  const gateway = { mode: 'local', bind: 'loopback', port, auth: { token: TOKEN } };
  // By default 2026.5.28 has it in the state of the default profile, from where newer releases move it.
  const agents = { defaults: { workspace: join(state, 'workspace') } };
  await machine.write(join(state, 'openclaw.json'), JSON.stringify({ gateway, agents }));
  await login.run(`openclaw --profile ${place.profile ?? 'default'} gateway install --port ${port}`);
  const root = join(login.home, `.local/share/openclaw-releases${suffix}`);
  return openclawAt(login, { ...{ ...place, scope: 'user', host: '127.0.0.1', port, state, root } });
}

/** Digests of the configuration and the identity of the default gateway; it writes other files of its own accord. */
async function filesOfOther(): Promise<string> {
  const { stdout } = await machine.run(`cd ${other.state} && sha256sum openclaw.json identity/* plugins/*`);
  return stdout;
}

test(
  'a profile beside the default gateway is adopted and updated badly, and the default one is untouched',
  async () => {
    const before = { seen: await observe(machine, other.unit), files: await filesOfOther() };
    await adoptAndUpdateBadly(machine, work, { command: 'adopt' });
    expect({ seen: await observe(machine, other.unit), files: await filesOfOther() }).toEqual(before);
    const kept = await machine.run(`ls -d ${other.root}`, { reject: false });
    expect(kept.stdout, 'the default profile has no releases').toBe('');
  },
  2 * LONG_MS,
);
