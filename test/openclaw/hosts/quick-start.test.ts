import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../src/host/port.js';
import { TOKEN } from '../../lab/gateway.js';
import { bootMachine, type Machine, REPOSITORY } from '../../lab/machine.js';
import { atEndOfAll } from '../../support/at-end.js';
import { type OpenClaw, openclawAt, UNIT } from '../openclaw-gateway.js';
import { npmOpenClaw } from '../openclaw-install.js';
import { LONG_MS } from '../openclaw-story.js';

const RELEASE = { openclaw: '2026.9.6', node: '24.21.0' };

const MOST_COMMANDS = 4;

const atEnd = atEndOfAll();
let machine: Machine;
let openclaw: OpenClaw;

beforeAll(async () => {
  machine = await bootMachine({ atEnd });
  const login = await npmOpenClaw(machine, undefined, RELEASE);
  const port = await freePort();
  const state = join(login.home, '.openclaw');
  const gateway = { mode: 'local', bind: 'loopback', port, auth: { token: TOKEN } };
  await machine.write(join(state, 'openclaw.json'), JSON.stringify({ gateway }));
  await login.run(`openclaw gateway install --port ${port}`);
  const root = join(login.home, '.local/share/openclaw-releases');
  openclaw = openclawAt(login, { unit: UNIT, scope: 'user', host: '127.0.0.1', port, state, root });
  await openclaw.ready(RELEASE.openclaw);
}, 2 * LONG_MS);

/** Commands that a section of the README has people type. */
function typedIn(heading: string): string[] {
  const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\$ (.*)$/gm)].map(([, line = '']) => line);
}

test(
  'the README alone leads from a running 2026.9 to an adopted one in four commands',
  async () => {
    const commands = [...typedIn('Install'), ...typedIn('Quick start: OpenClaw runs under systemd')];
    expect(commands.at(-1)).toBe('openclaw-releases adopt');
    expect(commands.length).toBeLessThanOrEqual(MOST_COMMANDS);
    const clone = join(openclaw.home, 'openclaw-releases');
    await execa('git', ['clone', '--quiet', '--no-hardlinks', REPOSITORY, join(machine.root, clone)]);
    await machine.run(`chown -R claw: ${clone}`, { as: 'root' });

    const begun = performance.now();
    const took: string[] = [];
    for (const command of commands) {
      const before = performance.now();
      const { stdout } = await openclaw.run(`cd ${clone} && ${command}`, { timeoutMs: LONG_MS });
      took.push(`${((performance.now() - before) / 1000).toFixed(0)} s: ${command}`);
      if (command === commands.at(-1)) expect(stdout).toContain('[package_updated_restart_verified]');
    }
    took.push(`${((performance.now() - begun) / 1000).toFixed(0)} s in all`);
    console.log(took.join('\n'));
    await openclaw.ready(RELEASE.openclaw);
    const { gateway, current } = JSON.parse((await openclaw.run('openclaw-releases status --json')).stdout);
    expect([current, gateway.release]).toEqual([RELEASE.openclaw, RELEASE.openclaw]);
  },
  3 * LONG_MS,
);
