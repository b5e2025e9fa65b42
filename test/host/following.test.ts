import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { commandLineOf, processIds } from '../../src/host/process.js';
import { listChanges } from '../../src/ledger/ledger.js';
import { type Root, rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { show } from '../support/on-terminal.js';
import { until } from '../support/place.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const OLD = '2026.6.1';
const NEW = '2026.6.5';
const UPDATE = ['update', NEW, '--settle', '0.3', '--idle-timeout', '1'];

const atEnd = atEndOfAll();
let world: World;
let root: Root;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  root = rootAt(world.root);
  for (const version of [OLD, NEW]) world.publish(version);
  await world.start(OLD);
  await world.ok('stage', NEW);
});

const stamp = () => join(world.path, 'hangs');
const faults = () => ({
  OPENCLAW_RELEASES_FAULT: 'hang before baseline',
  OPENCLAW_RELEASES_FAULT_STAMP: stamp(),
});
const last = () => listChanges(root).at(-1);

async function verdict(): Promise<void> {
  rmSync(stamp(), { force: true });
  await until('the change has its verdict', () => last()?.endedAt !== null && !existsSync(root.lock), 40_000);
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s ends status --follow with %d, and says that the change continues',
  async (signal, exitCode) => {
    const update = world.begin(UPDATE, faults());
    await until('the update hangs', () => existsSync(stamp()));
    const shown = show(world, ['status', '--follow'], { terminal: true, atEnd: onTestFinished });
    await until('it follows', () => shown.screen().includes('Ctrl-C stops following'));
    shown.send(signal);
    expect(await shown.ended, shown.screen()).toBe(exitCode);
    expect(shown.screen()).toContain('continues; only following it has ended');
    await verdict();
    expect((await update.ended).exitCode).toBe(0);
    await world.ok('rollback', OLD, '--yes', '--settle', '0.3');
  },
);

/** Types an update on a terminal inside the gateway, so that a detached worker makes it. */
async function updateInside() {
  const at = (name: string) => join(world.path, name);
  for (const name of ['keys', 'screen', 'code']) rmSync(at(name), { force: true });
  await execa('mkfifo', [at('keys')]);
  const given = Object.entries(faults()).map(([name, value]) => `${name}='${value}'`);
  const line = `${given.join(' ')} exec '${world.node}' '${CLI}' ${UPDATE.join(' ')}`;
  writeFileSync(at('typed'), line);
  const script = `script --quiet --flush --return --command '. ${at('typed')}' /dev/null < ${at('keys')} > ${at('screen')} 2>&1; echo $? > ${at('code')}`;
  void world.get(`/shell?command=${encodeURIComponent(script)}`);
  // Opening waits for the reader.
  const keys = openSync(at('keys'), 'r+');
  onTestFinished(() => closeSync(keys));
  const screen = () => readFileSync(at('screen'), 'utf8');
  await until('it follows its worker', () => existsSync(stamp()) && screen().includes('Ctrl-C cancels'));
  const pid = processIds().find((id) => commandLineOf(id).startsWith(`${world.node} ${CLI} update`)) ?? -1;
  return {
    screen,
    pressCtrlC: () => void writeSync(keys, '\x03'),
    terminate: () => void process.kill(pid, 'SIGTERM'),
    async exitCode() {
      await until('it has ended', () => existsSync(at('code')) && readFileSync(at('code'), 'utf8') !== '');
      return Number(readFileSync(at('code'), 'utf8'));
    },
  };
}

test('Ctrl-C cancels the change of the worker that a command follows, and shows how it is undone', async () => {
  const update = await updateInside();
  update.pressCtrlC();
  await until('it says so', () => update.screen().includes('SIGINT: cancelling'));
  await verdict();
  expect(await update.exitCode(), update.screen()).toBe(4);
  expect(update.screen()).toContain(`Cancelled by you (Ctrl-C); ${OLD} is current still.`);
  expect(await world.version()).toBe(OLD);
});

test('a second Ctrl-C ends only the following; the worker undoes its change', async () => {
  const update = await updateInside();
  update.pressCtrlC();
  await until('it says so', () => update.screen().includes('SIGINT: cancelling'));
  update.pressCtrlC();
  expect(await update.exitCode(), update.screen()).toBe(130);
  await verdict();
  expect(last()).toMatchObject({ status: 'package_update_failed', error: { code: 'interrupted' } });
  expect(await world.version()).toBe(OLD);
});

test('SIGTERM ends only the following, as it may come from the restart; the worker completes its change', async () => {
  const update = await updateInside();
  update.terminate();
  expect(await update.exitCode(), update.screen()).toBe(143);
  await verdict();
  expect(last()).toMatchObject({ status: 'package_updated_restart_verified' });
});
