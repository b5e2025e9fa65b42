import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { bootMachine, canBoot, type Machine, REPOSITORY } from './machine.js';
import { installOpenClaw, OPENCLAW_NODE, type OpenClaw, UNIT } from './openclaw.js';

const CLI = `${OPENCLAW_NODE} ${join(REPOSITORY, 'dist/cli/main.js')}`;
const VERIFIED = 'package_updated_restart_verified';
const SETTLE = '--settle 3';

/** Runs 2026.5.28 and 2026.6.1, and is too old for 2026.9.x. */
const NODE_VERSION = '22.19.0';

/** Two stages of real OpenClaw on a busy machine, with their starts and settling times. */
const LONG_MS = 300_000;

interface Answer {
  exitCode: number;
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  json: any;
}

// One story: each test begins where the one before it ended.
describe.runIf(canBoot())('real OpenClaw under systemd --user', () => {
  const atEnd = atEndOfAll();
  const told: string[] = [];
  let machine: Machine;
  let openclaw: OpenClaw;
  let before: string[];

  beforeAll(async () => {
    machine = await bootMachine({ atEnd });
    openclaw = await installOpenClaw(machine, { openclaw: '2026.5.28', node: NODE_VERSION });
  }, LONG_MS);

  afterAll(async () => {
    if (openclaw) console.log(await account());
  }, 60_000);

  async function ocr(command: string): Promise<Answer> {
    const { exitCode, stdout, stderr } = await machine.run(`${CLI} ${command} --json`, {
      env: openclaw.env,
      reject: false,
      timeoutMs: LONG_MS,
    });
    if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
    return { exitCode, json: JSON.parse(stdout) };
  }

  /** Makes a change, notes what it cost, and expects it to be verified. */
  async function verified(command: string, version: string): Promise<Answer['json']> {
    const { done, outageMs } = await openclaw.outageDuring(() => ocr(`${command} ${SETTLE}`));
    note(command, done.json, outageMs);
    const { exitCode, json } = done;
    const said = exitCode === 0 ? '' : (await machine.journal(UNIT)).slice(-6000);
    expect({ exitCode, status: json.status }, `${JSON.stringify(json)}\n${said}`).toEqual({
      ...{ exitCode: 0, status: VERIFIED },
    });
    expect(await openclaw.version()).toBe(version);
    return json;
  }

  function note(command: string, { status, steps, facts }: Answer['json'], outageMs: number): void {
    const seconds = (ms: number | undefined) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`);
    told.push(
      `${command}: ${status}; ${seconds(outageMs)} without an answer, live ${seconds(facts.liveMs)} and ready ` +
        `${seconds(facts.readyMs)} after the request to restart`,
      ...steps.map(
        (step: { name: string; ms?: number; note?: string }) =>
          `  ${step.name.padEnd(9)}${seconds(step.ms).padStart(7)}  ${step.note ?? ''}`,
      ),
    );
  }

  /** Everything in claw's home, apart from OpenClaw's state, caches, and the root of releases, which `leave` keeps. */
  async function listing(): Promise<string[]> {
    const skipped = ['./.openclaw', './.cache', './.local/share/openclaw-releases'];
    const waysThere = ['./.local', './.local/share'];
    const { stdout } = await machine.run(
      [
        `cd ~ && find . \\( -path ${skipped.join(' -o -path ')} \\) -prune -o`,
        `! -path ${waysThere.join(' ! -path ')} -printf '%M %u %p -> %l\\n' \\( ! -type f -o -exec sha256sum {} + \\)`,
        '| sort',
      ].join(' '),
      { timeoutMs: 120_000 },
    );
    return stdout.split('\n');
  }

  /** What a person would look at, in the end. */
  async function account(): Promise<string> {
    const journal = 'journalctl --user --no-pager --quiet --output=short-precise';
    const commands = [
      ...['list', 'status', 'doctor', 'history'].map((command) => `${CLI} ${command}`),
      `systemctl --user cat ${UNIT}`,
      `${journal} --user-unit=${UNIT} | grep -E 'systemd\\[|listening|\\] ready|SIGTERM|[Ee]rror|[Ff]ail|annot'`,
      // Without the documents that are printed there.
      `${journal} --user-unit='openclaw-releases-*' | grep -vE '\\]: ([{}]|  )'`,
    ];
    const said: string[] = [];
    for (const command of commands) {
      const { stdout, stderr } = await machine.run(command, { env: openclaw.env, reject: false });
      said.push(`$ ${command.replace(CLI, 'openclaw-releases')}\n${stdout}\n${stderr}`.trimEnd());
    }
    return [...said, told.join('\n')].join('\n\n');
  }

  test(
    '2026.5.28 as npm installed it is adopted, updated from an outside shell, and rolled back',
    async () => {
      const plain = await openclaw.outageDuring(async () => {
        await machine.run(`systemctl --user restart ${UNIT}`);
        await openclaw.ready('2026.5.28');
      });
      told.push(`a plain restart: ${(plain.outageMs / 1000).toFixed(1)} s without an answer`);
      before = await listing();
      expect((await ocr('adopt --dry-run')).json).toMatchObject({
        ok: true,
        install: { version: '2026.5.28' },
      });
      expect(await listing()).toEqual(before);

      await verified('adopt', '2026.5.28');
      expect((await machine.unit(UNIT, 'user')).Description).not.toMatch(/\d{4}\.\d/);
      const { facts } = await verified('update 2026.6.1', '2026.6.1');
      expect(facts.runtime).toMatchObject({ kind: 'host', path: OPENCLAW_NODE });
      await verified('rollback', '2026.5.28');
    },
    LONG_MS,
  );

  test(
    "incident-1: the same update, asked for inside the gateway's own cgroup",
    async () => {
      const where = await openclaw.asAgent('cat /proc/self/cgroup');
      expect(where?.stdout).toMatch(new RegExp(`/${UNIT}$`, 'm'));
      expect((await machine.unit(UNIT, 'user')).KillMode).toBe('control-group');
      const env = Object.entries(openclaw.env).map(([name, value]) => `${name}='${value}'`);
      const { done: last, outageMs } = await openclaw.outageDuring(async () => {
        // Ended with the gateway, so it answers nothing.
        await openclaw.asAgent(`env ${env.join(' ')} ${CLI} update 2026.6.1 ${SETTLE}`);
        let status = (await ocr('status')).json;
        await until(
          'the change has its verdict',
          async () => {
            status = (await ocr('status')).json;
            return status.running === null && status.last.plan.kind === 'update';
          },
          60_000,
        );
        return status.last;
      });
      note('update 2026.6.1, from inside', last, outageMs);
      expect(last).toMatchObject({ status: VERIFIED, facts: { from: '2026.5.28', to: '2026.6.1' } });
      expect(await openclaw.version()).toBe('2026.6.1');
    },
    LONG_MS,
  );

  test(
    'leave: the unit starts what it started before, and every file is as it was',
    async () => {
      await verified('leave', '2026.5.28');
      expect((await machine.unit(UNIT, 'user')).ExecStart).toContain('/.npm-global/');
      expect(await listing()).toEqual(before);
    },
    LONG_MS,
  );

  test(
    'adopted again, it takes a newer pair that needs another Node',
    async () => {
      await verified('adopt', '2026.5.28');
      expect((await ocr('update 2026.9.1')).json).toMatchObject({ error: { code: 'schema_change' } });
      const { facts } = await verified('update 2026.9.1 --allow-schema-change', '2026.9.1');
      expect(facts.runtime).toMatchObject({ kind: 'carried' });
      await verified('update 2026.9.2', '2026.9.2');
      expect((await ocr('status')).json).toMatchObject({
        ...{ current: '2026.9.2', previous: '2026.9.1', trial: null, interrupted: [] },
        gateway: { release: '2026.9.2', restarts: 0, health: { ready: true, version: '2026.9.2' } },
      });
    },
    LONG_MS,
  );

  test('incident-2: through all of it no gateway missed a file of its own', async () => {
    const journal = await machine.journal(UNIT);
    expect(journal).toContain('received SIGTERM');
    expect(journal).not.toMatch(
      /Cannot find (module|package)|ERR_MODULE_NOT_FOUND|does not provide an export/,
    );
    expect((await machine.unit(UNIT, 'user')).NRestarts).toBe('0');
  });
});
