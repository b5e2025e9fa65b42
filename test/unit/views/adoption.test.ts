import { expect, test } from 'vitest';
import type { UnitChange } from '../../../src/adopt/plan.js';
import type { GatewayUnit } from '../../../src/adopt/unit.js';
import { adoptionLines, adoptionView, shownWrites } from '../../../src/views/adoption.js';

const UNIT = `[Service]
ExecStart=/usr/bin/env API_KEY=k2 "DB_PASSWORD=a b" node /p/index.js gateway --token t0 --port 1
Environment=PATH=/bin OPENCLAW_GATEWAY_TOKEN=t1 PROXY=http://me:pw@host/
Environment=OPENCLAW_SERVICE_VERSION=2026.5.28
EnvironmentFile=-/etc/openclaw.env
ProtectHome=read-only
ReadWritePaths=/srv
`;

const DROP_IN = `[Service]
ExecStart=
ExecStart=/usr/bin/env API_KEY=k2 "DB_PASSWORD=a b" "/r/bin/gateway" --token t0 --port 1
Environment=OPENCLAW_SUPERVISOR_MODE=external
UnsetEnvironment=OPENCLAW_SERVICE_VERSION
ReadWritePaths=/r
`;

test('a preview shows what stays, goes and comes, and no secret', () => {
  const unit = { texts: [UNIT], specifiers: {} } as unknown as GatewayUnit;
  const written = { kind: 'file', path: '/d', content: DROP_IN, mode: 0o644 } as const;
  const names = { unit: 'x.service', dropIn: '/d', recoverUnit: '', rescueUnit: '' };
  const change: UnitChange = { root: '/r', scope: 'user', ...names, writes: [written] };
  const view = adoptionView({ unit }, change);
  const before = 'API_KEY=… "DB_PASSWORD=…"';
  expect(adoptionLines(view)).toEqual([
    `- ExecStart=/usr/bin/env ${before} node /p/index.js gateway --token … --port 1`,
    '  Environment=PATH=/bin',
    '  Environment=OPENCLAW_GATEWAY_TOKEN=…',
    '  Environment=PROXY=http://host/',
    '- Environment=OPENCLAW_SERVICE_VERSION=2026.5.28',
    '  EnvironmentFile=-/etc/openclaw.env',
    '  ProtectHome=read-only',
    '  ReadWritePaths=/srv',
    `+ ExecStart=/usr/bin/env ${before} "/r/bin/gateway" --token … --port 1`,
    '+ Environment=OPENCLAW_SUPERVISOR_MODE=external',
    '+ ReadWritePaths=/r',
  ]);
  expect(view.after.sandbox).toContainEqual({ key: 'ReadWritePaths', value: '/r' });
  const writes = shownWrites(change, view);
  expect(JSON.stringify(writes)).toContain('--token … --port 1');
  expect(JSON.stringify([view, writes])).not.toMatch(/k2|a b|t0|t1|pw/);
});
