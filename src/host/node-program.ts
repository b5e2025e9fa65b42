import { type ExecOptions, exec } from './exec.js';

export interface NodeProgram {
  /** Real path of the program that runs in the end. */
  path: string;
  version: string;
  /** Libraries that it was built to share with the host; `node_shared` is Node itself. */
  shared: string[];
}

const TIMEOUT_MS = 15_000;

const SELF = `({
  path: process.execPath,
  version: process.versions.node,
  shared: Object.entries(process.config.variables).flatMap(([name, value]) =>
    /^node_shared(_|$)/.test(name) && value === true ? [name] : []),
})`;

export function ownNode(): NodeProgram {
  const { variables } = process.config as { variables: Record<string, unknown> };
  return {
    path: process.execPath,
    version: process.versions.node,
    shared: Object.keys(variables).filter(
      (name) => /^node_shared(_|$)/.test(name) && variables[name] === true,
    ),
  };
}

/**
 * Asks a program that is named as Node what it is: shims of version managers and alternatives start another one.
 * @param env of the gateway, where that decides which Node a shim starts
 * @returns null for a program that is not Node, or that does not answer in time
 */
export async function askNode(
  program: string,
  {
    env = {},
    cwd = '/',
    timeoutMs = TIMEOUT_MS,
  }: Partial<Pick<ExecOptions, 'env' | 'cwd' | 'timeoutMs'>> = {},
): Promise<NodeProgram | null> {
  // Options of the gateway's Node may load programs, or print.
  const { NODE_OPTIONS: _, ...rest } = env;
  const asked = await exec(program, ['-p', `JSON.stringify(${SELF})`], {
    cwd,
    env: rest,
    timeoutMs,
  });
  try {
    const said = JSON.parse(asked.stdout.trim().split('\n').at(-1) ?? '');
    const { path, version, shared } = said as NodeProgram;
    const isNode = /^\d+\.\d+\.\d+/.test(version) && path.startsWith('/') && Array.isArray(shared);
    return asked.ok && isNode ? { path, version, shared: shared.map(String) } : null;
  } catch {
    return null;
  }
}
