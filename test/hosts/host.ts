import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { findInstall, type Install } from '../../src/adopt/install.js';
import { planUnitChange, type UnitChange } from '../../src/adopt/plan.js';
import { fitSandbox } from '../../src/adopt/sandbox.js';
import { type ErrorCode, toErrorRecord } from '../../src/core/errors.js';
import { readSettings, type ServiceSettings } from '../../src/host/systemd/unit-file.js';
import { answeringNode } from '../support/node-copy.js';
import { temporaryDirectory, writeTree } from '../support/place.js';

/** A host as people have it, before it is adopted. `~` in texts is the home of its user. */
export interface HostRow {
  situation: string;
  /** Public report that it is taken from. */
  source?: string;
  /** Lines of `[Service]`, or a whole unit. */
  unit: string;
  /** Drop-ins by their names, likewise. */
  dropIns?: Record<string, string>;
  /** Name of the unit; `openclaw-gateway.service` unless given. */
  name?: string;
  scope?: 'user' | 'system';
  /** `User=` that systemd shows. */
  user?: string;
  /** Files in the home, besides an OpenClaw of npm and Node 22; `-> ` begins a link, `#!` a program. */
  files?: Record<string, string>;
  env?: Record<string, string>;
  /** Exit codes of the launcher's trials in the sandbox of the unit, as the lab has seen them (`sandbox-needs`). */
  trials?: number[];
  /** Version that the unit is to start; the adopted one unless given. */
  release?: string;
  expected: Expected;
}

/** Plan, or refusal before anything is written. `<root>` is the root, in which `bin/gateway` is. */
export type Expected =
  | {
      /** Command line of the unit afterwards, as it stands in the drop-in. */
      start: string;
      /** Variables of the unit afterwards, among others. */
      environment?: Record<string, string>;
      /** Lines of the drop-in, among others. */
      lines?: string[];
      /** Version of the OpenClaw to copy; 2026.5.28 unless given. */
      version?: string;
    }
  | {
      code: ErrorCode;
      /** Part of the sentence. */
      says?: string;
      /** Part of what to do next. */
      hint?: string;
    };

/** Outcome of adopting on a host. */
export type Outcome =
  | {
      install: Install;
      change: UnitChange;
      dropIn: string;
      start: string;
      after: ServiceSettings;
    }
  | { code: ErrorCode; message: string; hint: string };

const MAIN = '.npm-global/lib/node_modules/openclaw/dist/index.js';

/** Files of every host. */
const FILES = {
  '.npm-global/lib/node_modules/openclaw/package.json': '{"name":"openclaw","version":"2026.5.28"}',
  '.npm-global/lib/node_modules/openclaw/openclaw.mjs': '#!/usr/bin/env node\n',
  [MAIN]: '#!/usr/bin/env node\n',
  '.npm-global/bin/openclaw': '-> ../lib/node_modules/openclaw/openclaw.mjs',
  'bin/node': answeringNode('22.23.3'),
};

/** Makes a host in a directory, with a systemctl that shows its unit, and plans its adoption. Nothing runs there. */
export async function adoptHost(row: HostRow): Promise<Outcome & { shown: (text: string) => string }> {
  const home = realpathSync(temporaryDirectory('host'));
  const root = join(home, 'releases');
  const { name = 'openclaw-gateway.service', scope = 'user', user = '', dropIns = {}, files = {} } = row;
  const at = (text: string) => text.replaceAll('~', home);
  const whole = (text: string) => at(text.startsWith('[') ? text : `[Service]\n${text}\n`);
  const units = join(home, 'units');
  const paths = Object.keys(dropIns).map((file) => join(units, `${name}.d`, file));
  const tree: Record<string, string> = {
    ...FILES,
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, at(text)])),
    [`units/${name}`]: whole(row.unit),
    ...Object.fromEntries(
      Object.entries(dropIns).map(([file, text]) => [`units/${name}.d/${file}`, whole(text)]),
    ),
    'run/systemd/private': '',
    trials: (row.trials ?? []).map((code) => `${code}\n`).join(''),
    'tools/systemctl': `#!/bin/sh
cd "${home}"
case "$*" in
  *" start "*) read -r code <trials; sed -i 1d trials; echo "$code" >code; exit "$code" ;;
  *" show "*releases-trial*) printf 'LoadState=loaded\\nExecMainCode=1\\nExecMainStatus=%s\\n' "$(cat code)"; exit ;;
  *" show "*) ;;
  *) exit 1 ;;
esac
cat <<'END'
LoadState=loaded
FragmentPath=${join(units, name)}
DropInPaths=${paths.join(' ')}
User=${user}
END
`,
  };
  writeTree(home, tree);
  for (const [path, text] of Object.entries(tree))
    if (text.startsWith('#!')) chmodSync(join(home, path), 0o755);
  mkdirSync(join(root, 'bin'), { recursive: true });
  const env: Record<string, string> = {
    HOME: home,
    PATH: `${join(home, 'bin')}:${join(home, '.npm-global/bin')}`,
    XDG_RUNTIME_DIR: join(home, 'run'),
    ...row.env,
  };
  vi.stubEnv('PATH', `${join(home, 'tools')}:/usr/bin:/bin`);
  vi.stubEnv('XDG_RUNTIME_DIR', join(home, 'run'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const shown = (text: string) => text.replaceAll(root, '<root>').replaceAll(home, '~');
  try {
    const install = await findInstall({ unit: name, scope, env });
    const added = install.unit ? await fitSandbox(install.unit, { root, state: null }) : [];
    const version = row.release ?? install.version;
    const change = planUnitChange({ install, root, recover: ['/usr/bin/true'], added, version, env });
    const file = change.writes.find(({ path }) => path === change.dropIn);
    const dropIn = file?.kind === 'file' ? file.content : '';
    const { texts = [], specifiers = {} } = install.unit ?? {};
    const start = /^ExecStart=(.+)$/m.exec(dropIn)?.[1] ?? '';
    return { install, change, dropIn, start, after: readSettings([...texts, dropIn], specifiers), shown };
  } catch (error) {
    const { code, message, hint = '' } = toErrorRecord(error);
    return { code, message, hint, shown };
  }
}
