import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../src/host/port.js';
import { TOKEN } from '../../lab/gateway.js';
import { bootMachine, type Machine } from '../../lab/machine.js';
import { atEndOfAll } from '../../support/at-end.js';
import { type OpenClaw, openclawAt, UNIT } from '../openclaw-gateway.js';
import { FIRST, npmOpenClaw } from '../openclaw-install.js';
import { LONG_MS } from '../openclaw-story.js';
import { adoptAndUpdateBadly } from './bad-update.js';

const HOST = '127.0.0.2';

const atEnd = atEndOfAll();
let machine: Machine;
let openclaw: OpenClaw;

beforeAll(async () => {
  machine = await bootMachine({ atEnd });
  const login = await npmOpenClaw(machine);
  const port = await freePort();
  const state = join(login.home, '.openclaw');
  const files = {
    'openclaw.json': { gateway: { $include: './parts/gateway.json', mode: 'local', auth: { token: TOKEN } } },
    'parts/gateway.json': { port, bind: 'custom', customBindHost: HOST },
  };
  for (const [path, content] of Object.entries(files))
    await machine.write(join(state, path), JSON.stringify(content));
  await login.run('openclaw gateway install');
  // The port is in the included file alone.
  await login.run(
    `sed -i 's/ --port [0-9]*//; /OPENCLAW_GATEWAY_PORT/d' ~/.config/systemd/user/${UNIT}` +
      ` && systemctl --user daemon-reload && systemctl --user restart ${UNIT}`,
  );
  const root = join(login.home, '.local/share/openclaw-releases');
  openclaw = openclawAt(login, { ...{ unit: UNIT, scope: 'user', host: HOST, port, state, root } });
  await openclaw.ready(FIRST.openclaw);
}, LONG_MS);

test(
  'a gateway on an address and a port that an included file names is adopted and updated badly',
  async () => {
    const filesNow = async () => (await openclaw.run('cd ~/.openclaw && cat openclaw.json parts/*')).stdout;
    const files = await filesNow();
    await adoptAndUpdateBadly(machine, openclaw, { command: 'adopt' });
    expect(await filesNow()).toBe(files);
  },
  2 * LONG_MS,
);
