import { join } from 'node:path';
import { openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { answerIn } from '../support/answer-schema.js';
import type { AtEnd } from '../support/place.js';
import { type GatewayOptions, installGateway, type LabGateway, npmInstall } from './gateway.js';
import { bootMachine, type Machine, NODE, REPOSITORY } from './machine.js';

/** The built command, as it is typed on the machine. */
export const CLI = `${NODE} ${join(REPOSITORY, 'dist/cli/main.cjs')}`;

export const QUICK = '--settle 0.5 --ready-timeout 3';

/** The release that npm has installed before ours is there. */
export const FIRST = '2026.5.28';

/** Output of our command with `--json`, and its exit code. */
export interface Answer {
  exitCode: number;
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  json: any;
}

/** A machine with a gateway under its unit, and somebody who types our commands there. */
export interface Operator {
  machine: Machine;
  registry: Registry;
  gateway: LabGateway;
  env: Record<string, string>;
  ocr(command: string): Promise<Answer>;
  /** Runs a command, and fails the test unless it ends with 0. */
  ok(command: string): Promise<Answer['json']>;
  /** Count of the programs that ran on what the gateway leaves: twice a release, of which once to see whether it can be. */
  ranBeside(): Promise<number>;
}

/**
 * Boots a machine with `FIRST` installed and running; the local registry has `versions` too.
 * @param now the registry's clock
 */
export async function makeOperator(
  atEnd: AtEnd,
  versions: Record<string, Parameters<typeof openclawPackage>[1]>,
  options: GatewayOptions = {},
  now: () => number = Date.now,
): Promise<Operator> {
  const registry = await startRegistry({ packumentMaxAge: 0, now });
  atEnd(() => registry.close());
  registry.publish(tinyDependency());
  registry.publish(openclawPackage(FIRST));
  for (const [version, behaviour] of Object.entries(versions))
    registry.publish(openclawPackage(version, behaviour));
  const machine = await bootMachine({ atEnd });
  const env = { npm_config_registry: registry.url, npm_config_cache: join(machine.claw.home, '.npm') };
  await npmInstall(machine, registry, FIRST);
  const gateway = await installGateway(machine, { timeoutStopSec: 6, restartSec: 0.5, ...options });
  await gateway.ready(FIRST);
  const ocr = async (command: string) => {
    const { exitCode, stdout, stderr } = await machine.run(`${CLI} ${command} --json`, {
      env,
      reject: false,
      timeoutMs: 120_000,
    });
    if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
    return { exitCode, json: answerIn(command.split(' '), stdout) };
  };
  const ok = async (command: string) => {
    const { exitCode, json } = await ocr(command);
    if (exitCode !== 0)
      throw new Error(`${command} ended with ${exitCode}: ${JSON.stringify(json.error ?? json)}`);
    return json;
  };
  const ranBeside = async () => {
    const { stdout } = await machine.run('journalctl --quiet --output=cat', { as: 'root' });
    return stdout.match(/^Started run-.*OpenClaw releases: a release is made ready/gm)?.length ?? 0;
  };
  return { machine, registry, gateway, env, ocr, ok, ranBeside };
}
