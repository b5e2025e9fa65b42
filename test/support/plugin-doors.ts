import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerAgentTool } from '../../src/plugin/agent-tool.js';
import type { AgentTool, ChatCommand, CommandCall, PluginApi, ToolContext } from '../../src/plugin/api.js';
import { registerChatCommand } from '../../src/plugin/chat-command.js';
import type { Host } from '../../src/plugin/host.js';
import type { Caller, Reply } from '../../src/rpc/documents.js';
import { rootAt } from '../../src/store/root.js';
import { temporaryDirectory } from './place.js';

/** Stands for our command: notes what came, and gives the answer that the test has prepared. */
const COMMAND = `
const { appendFileSync, readFileSync } = require('node:fs');
const [, , , method] = process.argv;
const input = JSON.parse(readFileSync(0, 'utf8'));
appendFileSync(__dirname + '/calls', JSON.stringify({ method, ...input }) + '\\n');
const reply = JSON.parse(readFileSync(__dirname + '/answers.json', 'utf8'))[method];
process.stdout.write(JSON.stringify(reply ?? { ok: false, error: { code: 'internal', message: 'no answer for ' + method, untouched: '', hint: '' } }) + '\\n');
`;

export interface Asked {
  method: string;
  params: Record<string, unknown>;
  caller: Caller;
}

/** A host whose command answers as the test says, by method, and what it was asked. */
export function answeringHost(answers: Record<string, Reply>): { host: Host; asked(): Asked[] } {
  const directory = temporaryDirectory();
  const path = (name: string) => join(directory, name);
  writeFileSync(path('cli.cjs'), COMMAND);
  writeFileSync(path('answers.json'), JSON.stringify(answers));
  const host: Host = {
    root: rootAt(directory),
    cli: path('cli.cjs'),
    release: '2026.6.1',
    version: '2026.6.1',
    pid: process.pid,
    since: new Date().toISOString(),
  };
  const asked = () =>
    existsSync(path('calls'))
      ? readFileSync(path('calls'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Asked)
      : [];
  return { host, asked };
}

export const ok = (payload: object): Reply => ({ ok: true, payload });

/** Types a command into a chat, as the owner unless the test says otherwise. */
export async function typeInChat(host: Host, args: string, call: Partial<CommandCall> = {}): Promise<string> {
  const commands: ChatCommand[] = [];
  registerChatCommand(
    { registerCommand: (one: ChatCommand) => commands.push(one) } as unknown as PluginApi,
    host,
  );
  const owner = { isAuthorizedSender: true, senderIsOwner: true, channel: 'telegram', sessionKey: 'main' };
  return (await commands[0]?.handler({ ...owner, args, ...call }))?.text ?? '';
}

/** The tools that the plugin offers to the agent of a session. */
export function agentTools(host: Host, context: ToolContext = {}): AgentTool[] {
  const tools: AgentTool[] = [];
  const registerTool = (make: (context: ToolContext) => AgentTool) => tools.push(make(context));
  registerAgentTool({ registerTool } as unknown as PluginApi, host);
  return tools;
}

/**
 * Calls the tool as the agent of a session, whose person is the owner unless the test says otherwise.
 * @param isTold false for a gateway up to 2026.6, which does not tell who asks
 */
export async function callTool(
  host: Host,
  params: unknown,
  context: ToolContext = {},
  isTold = true,
): Promise<string> {
  const owner = isTold ? { senderIsOwner: true } : {};
  const [tool] = agentTools(host, { ...owner, sessionKey: 'main', ...context });
  const { content } = (await tool?.execute('call', params)) ?? { content: [] };
  return content.map(({ text }) => text).join('\n');
}
