import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../src/host/port.js';
import { TOKEN } from '../../lab/gateway.js';
import { bootMachine, type Machine } from '../../lab/machine.js';
import { atEndOfAll } from '../../support/at-end.js';
import { type OpenClaw, openclawAt } from '../openclaw-gateway.js';
import { FIRST, loginWith, npmOpenClaw, OPENCLAW_NODE } from '../openclaw-install.js';
import { LONG_MS } from '../openclaw-story.js';
import { adoptAndUpdateBadly } from './bad-update.js';

const UNIT = 'openclaw.service';
const HOME = '/var/lib/openclaw';
const STATE = join(HOME, '.openclaw');
const ROOT = join(HOME, 'releases');

/** Everything but the state is read-only, homes and temporary files of others are hidden. */
const HARDENING = [
  ...['NoNewPrivileges=yes', 'PrivateTmp=yes', 'ProtectSystem=strict', 'ProtectHome=yes'],
  ...[`ReadWritePaths=${STATE}`, 'UMask=0077', 'RestrictSUIDSGID=yes', 'LockPersonality=yes'],
  ...['ProtectKernelTunables=yes', 'ProtectKernelModules=yes', 'ProtectControlGroups=yes'],
  ...['RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK', 'SystemCallFilter=@system-service'],
];

const atEnd = atEndOfAll();
let machine: Machine;
let openclaw: OpenClaw;

beforeAll(async () => {
  machine = await bootMachine({ atEnd });
  await machine.run(`useradd --system --create-home --home-dir ${HOME} --shell /usr/sbin/nologin openclaw`, {
    as: 'root',
  });
  const login = loginWith(await npmOpenClaw(machine, { user: 'openclaw', home: HOME }), {
    OPENCLAW_RELEASES_ROOT: ROOT,
  });
  // What root's shell says of a registry is not handed on to the user of the gateway.
  const npmrc = Object.entries(login.env).flatMap(([name, value]) =>
    name.startsWith('npm_config_') ? [`${name.slice('npm_config_'.length)}=${value}`] : [],
  );
  await login.run(`printf '%s\\n' ${npmrc.join(' ')} >~/.npmrc`);
  const port = await freePort();
  const gateway = { mode: 'local', bind: 'loopback', auth: { token: TOKEN } };
  await login.run(
    `mkdir -p -m 700 ${STATE} ${ROOT} && echo '${JSON.stringify({ gateway })}' >${STATE}/openclaw.json`,
  );
  const lines = [
    ...['[Unit]', 'Description=The assistant', '[Service]', 'User=openclaw'],
    `ExecStart=${OPENCLAW_NODE} ${login.main} gateway --port ${port}`,
    ...['Restart=always', 'RestartSec=2', 'TimeoutStopSec=30', ...HARDENING],
    ...['[Install]', 'WantedBy=multi-user.target', ''],
  ];
  await machine.write(`/etc/systemd/system/${UNIT}`, lines.join('\n'), 'root');
  await machine.run(`systemctl daemon-reload && systemctl enable --quiet --now ${UNIT}`, { as: 'root' });
  openclaw = openclawAt(login, {
    ...{ unit: UNIT, scope: 'system', host: '127.0.0.1', port, state: STATE, root: ROOT },
  });
  await openclaw.ready(FIRST.openclaw);
}, LONG_MS);

test(
  'a hardened unit of the system, with a user of its own: root adopts it, its user updates it badly',
  async () => {
    const command = `adopt --system --unit ${UNIT}`;
    await adoptAndUpdateBadly(machine, openclaw, { command, as: 'root' });
    const foreign = await machine.run(`find ${HOME} ! -user openclaw`, { as: 'root' });
    expect(foreign.stdout, 'everything belongs to the user').toBe('');
  },
  2 * LONG_MS,
);
