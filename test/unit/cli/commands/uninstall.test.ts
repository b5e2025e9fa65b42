import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { uninstallCommand } from '../../../../src/cli/commands/uninstall.js';
import { inSession } from '../../../../src/cli/session.js';
import { performChange } from '../../../../src/control/detached/start.js';
import type { Root } from '../../../../src/store/root.js';
import { readSupervisorRecord, selectSupervisor } from '../../../../src/supervisor/select.js';
import { temporaryDirectory, temporaryRoot, writeTree } from '../../../support/place.js';

vi.mock('../../../../src/cli/session.js', () => ({ inSession: vi.fn(), atGlance: vi.fn() }));
vi.mock('../../../../src/control/detached/start.js', () => ({ performChange: vi.fn() }));
vi.mock('../../../../src/supervisor/select.js', () => ({
  readSupervisorRecord: vi.fn(),
  selectSupervisor: vi.fn(),
}));

const UNIT = { schema: 1, kind: 'systemd', unit: 'openclaw-gateway.service', scope: 'user' } as const;

let root: Root;
/** State directory that only the unit names. */
let state: string;

beforeEach(() => {
  root = temporaryRoot();
  state = temporaryDirectory('state');
  const launch = { args: [], env: { OPENCLAW_STATE_DIR: state } };
  const inspection = { state: 'running', pid: null, instance: null, restarts: 0, lastExit: null, launch };
  vi.mocked(selectSupervisor).mockReturnValue({ inspect: () => Promise.resolve(inspection) } as never);
  vi.mocked(readSupervisorRecord).mockReturnValue(UNIT);
  vi.mocked(performChange)
    .mockReset()
    .mockResolvedValue({ error: null } as never);
});

// biome-ignore lint/suspicious/noExplicitAny: a document for programs
async function uninstall(...words: string[]): Promise<any> {
  const answers: object[] = [];
  vi.mocked(inSession).mockImplementation(async (_, work) => {
    const output = { json: true, answer: (document: object) => answers.push(document) };
    await work({ environment: { root, supervisor: selectSupervisor(root.path) }, output } as never);
  });
  await uninstallCommand().parseAsync(['--yes', '--json', ...words], { from: 'user' });
  return answers[0];
}

test('a state that giving the gateway back displaces stays', async () => {
  const displaced = join(root.states, '2026.9.6-displaced-20261126T030000000Z');
  vi.mocked(performChange).mockImplementation(() => {
    mkdirSync(displaced, { recursive: true });
    return Promise.resolve({ error: null } as never);
  });
  const { steps, left } = await uninstall();
  expect(left).toEqual([displaced]);
  expect(steps.at(-1)).toContain('but for states/2026.9.6-displaced-');
  expect(existsSync(displaced)).toBe(true);
});

test('while a state waits to be restored, nothing is removed', async () => {
  writeFileSync(root.restore, '{}');
  await expect(uninstall()).rejects.toMatchObject({ code: 'restore_pending' });
  expect(performChange).not.toHaveBeenCalled();
  expect(existsSync(root.restore)).toBe(true);
});

test('a restore that giving the gateway back leaves waiting keeps the root', async () => {
  vi.mocked(performChange).mockImplementation(() => {
    writeFileSync(root.restore, '{}');
    return Promise.resolve({ error: null } as never);
  });
  await expect(uninstall()).rejects.toMatchObject({ code: 'restore_pending' });
  expect(existsSync(root.restore)).toBe(true);
});

test('the plugin is found and uninstalled in the state of the unit', async () => {
  const config = { plugins: { load: { paths: [root.plugin] } } };
  writeTree(state, { 'openclaw.json': JSON.stringify(config) });
  mkdirSync(root.bin, { recursive: true });
  const said = join(state, 'said');
  const launcher = `#!/bin/sh\necho "$OPENCLAW_STATE_DIR $OPENCLAW_CONFIG_PATH $*" >'${said}'\n`;
  writeFileSync(join(root.bin, 'openclaw'), launcher, { mode: 0o755 });
  const { steps } = await uninstall();
  expect(steps[0]).toBe('uninstall the plugin openclaw-releases');
  expect(readFileSync(said, 'utf8')).toBe(
    `${state} ${join(state, 'openclaw.json')} plugins uninstall openclaw-releases --force\n`,
  );
});

test('an entry that OpenClaw leaves when it uninstalls the plugin is removed, too', async () => {
  const config = { plugins: { entries: { 'openclaw-releases': { enabled: false } } } };
  writeTree(state, { 'openclaw.json': JSON.stringify(config) });
  mkdirSync(root.bin, { recursive: true });
  const said = join(state, 'said');
  writeFileSync(join(root.bin, 'openclaw'), `#!/bin/sh\necho "$*" >>'${said}'\n`, { mode: 0o755 });
  await uninstall();
  expect(readFileSync(said, 'utf8')).toBe(
    'plugins uninstall openclaw-releases --force\nconfig unset plugins.entries.openclaw-releases\n',
  );
});

test('a configuration that cannot be read may name the plugin, so nothing is removed', async () => {
  writeTree(state, { 'openclaw.json': '{ plugins' });
  await expect(uninstall()).rejects.toMatchObject({ code: 'write_failed' });
  expect(performChange).not.toHaveBeenCalled();
  expect(existsSync(root.releases)).toBe(true);
});
