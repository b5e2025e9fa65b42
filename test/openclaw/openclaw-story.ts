import { join } from 'node:path';
import { expect } from 'vitest';
import { type Machine, REPOSITORY } from '../lab/machine.js';
import { answerIn } from '../support/answer-schema.js';
import { slowness } from '../support/slowness.js';
import type { OpenClaw } from './openclaw-gateway.js';
import { OPENCLAW_NODE } from './openclaw-install.js';

const CLI = `${OPENCLAW_NODE} ${join(REPOSITORY, 'dist/cli/main.cjs')}`;
const VERIFIED = 'package_updated_restart_verified';

/** Seconds that a release must stay healthy, in place of the usual ones. */
const SETTLE = '--settle 3';

/** A stage of real OpenClaw at low priority beside other work, with its start and settling time. */
const CHANGE_MS = 600_000;

/** Some changes of real OpenClaw, as a test's limit. */
export const LONG_MS = CHANGE_MS * slowness;

/** The Node of a release is below `runtimes`. */
export const NODE_IN_ROOT = { path: expect.stringMatching(/^\.\.\/\.\.\/runtimes\/node-/) };

/** A document of our command, of any shape, and the exit code. */
export interface Answer {
  exitCode: number;
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  json: any;
}

/** Changes of one machine's gateway by our command, and an account of what each of them cost. */
export interface Story {
  /** The command as a person would type it, up to its own name. */
  command: string;
  /** Runs our command as the user of the gateway, or another one, outside of the gateway. */
  ocr(command: string, as?: string): Promise<Answer>;
  /** Makes a change, notes what it cost, and says how it ended. */
  change(command: string, as?: string): Promise<Answer>;
  /** Makes a change, and expects that it is verified and that this version answers. */
  verified(command: string, version: string, as?: string): Promise<Answer['json']>;
  /** Adds the document of a change to the account. */
  note(command: string, document: Answer['json'], outageMs: number): void;
  /** Adds a line to the account. */
  tell(line: string): void;
  /** Fails when the journal has no orderly stop, or a gateway that missed a file of its own. */
  expectNothingMissed(): Promise<void>;
  /** Text that a person would look at, in the end. */
  account(): Promise<string>;
}

export function beginStory(machine: Machine, openclaw: OpenClaw): Story {
  const told: string[] = [];

  async function ocr(command: string, as = openclaw.user): Promise<Answer> {
    const { exitCode, stdout, stderr } = await openclaw.run(`${CLI} ${command} --json`, {
      ...{ as, reject: false, timeoutMs: CHANGE_MS },
    });
    if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
    return { exitCode, json: answerIn(command.split(' '), stdout) };
  }

  async function change(command: string, as?: string): Promise<Answer> {
    const { done, outageMs } = await openclaw.outageDuring(() => ocr(`${command} ${SETTLE}`, as));
    note(command, done.json, outageMs);
    return done;
  }

  async function verified(command: string, version: string, as?: string): Promise<Answer['json']> {
    const { exitCode, json } = await change(command, as);
    const said = exitCode === 0 ? '' : (await machine.journal(openclaw.unit)).slice(-6000);
    expect({ exitCode, status: json.status }, `${JSON.stringify(json)}\n${said}`).toEqual({
      ...{ exitCode: 0, status: VERIFIED },
    });
    expect(await openclaw.version()).toBe(version);
    return json;
  }

  function note(command: string, document: Answer['json'], outageMs: number): void {
    const { status, steps = [], error, undoError, snapshot, stateRestored, warnings = [] } = document;
    told.push(
      `${command}: ${status ?? 'refused'}; ${seconds(outageMs)} without an answer, live ` +
        `${seconds(document.downtimeMs)} after the request to restart`,
      ...steps.map(
        (step: { name: string; durationMs: number | null; note: string | null }) =>
          `  ${step.name.padEnd(9)}${seconds(step.durationMs).padStart(7)}  ${step.note ?? ''}`,
      ),
      ...Object.entries({ error, undoError, snapshot, stateRestored })
        .filter(([, value]) => value)
        .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
      ...warnings.map((warning: string) => `  warning: ${warning}`),
    );
  }

  async function expectNothingMissed(): Promise<void> {
    const journal = await machine.journal(openclaw.unit);
    expect(journal).toContain('received SIGTERM');
    expect(journal).not.toMatch(
      /Cannot find (module|package)|ERR_MODULE_NOT_FOUND|does not provide an export/,
    );
  }

  async function account(): Promise<string> {
    const { scope, unit } = openclaw;
    const named = scope === 'user' ? '--user-unit' : '--unit';
    const journal = `journalctl --${scope} --no-pager --quiet --output=short-precise`;
    const ours = ['list', 'status', 'doctor', 'history'].map((command) => `${CLI} ${command}`);
    const systems = [
      `systemctl --${scope} cat ${unit}`,
      `${journal} ${named}=${unit} | grep -E 'systemd\\[|openclaw-releases|listening|\\] ready|SIGTERM|[Ee]rror|[Ff]ail|annot'`,
      // Omits the documents that are printed there.
      `${journal} ${named}='openclaw-releases-*' | grep -vE '\\]: ([{}]|  )'`,
    ];
    const said: string[] = [];
    for (const command of [...ours, ...systems]) {
      const as = scope === 'user' || ours.includes(command) ? openclaw.user : 'root';
      const { stdout, stderr } = await openclaw.run(command, { as, reject: false });
      said.push(`$ ${command.replace(CLI, 'openclaw-releases')}\n${stdout}\n${stderr}`.trimEnd());
    }
    return [...said, told.join('\n')].join('\n\n');
  }

  const tell = (line: string) => void told.push(line);
  return { command: CLI, ocr, change, verified, note, tell, expectNothingMissed, account };
}

function seconds(ms: number | null | undefined): string {
  return ms == null ? '-' : `${(ms / 1000).toFixed(1)} s`;
}
