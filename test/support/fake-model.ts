import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AtEnd } from './place.js';

/** A model on the host's loopback that agrees with everything, and remembers what it was asked. */
export interface FakeModel {
  /** Settings of OpenClaw by which its agents ask this one, by their path. */
  settings: Record<string, unknown>;
  /** Every question so far, as it came over the wire, oldest first. */
  asked: string[];
  /** Begins each answer and leaves it open, until the function that this returns is called. */
  hold(): () => void;
  /** Uses a tool instead of its next answer in a turn that may use it. */
  use(tool: string, params: object): void;
}

interface ToolUse {
  tool: string;
  params: object;
}

export async function startFakeModel(atEnd: AtEnd): Promise<FakeModel> {
  const asked: string[] = [];
  let held = Promise.resolve();
  const uses: ToolUse[] = [];
  const server = createServer(async (request, response) => {
    const question = await text(request);
    asked.push(question);
    const use = callOf(question, uses[0]);
    if (use) uses.shift();
    const chunk = { id: 'a', object: 'chat.completion.chunk', created: 1, model: 'agreeable' };
    const say = (choice: object) =>
      response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, ...choice }] })}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    say({ delta: { role: 'assistant', content: '' } });
    await held;
    say({ delta: use ? { tool_calls: [use] } : { content: 'Very well.' } });
    say({ delta: {}, finish_reason: use ? 'tool_calls' : 'stop' });
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const model = {
    ...{ id: 'agreeable', name: 'agreeable', reasoning: false, input: ['text'] },
    ...{
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      contextWindow: 100_000,
      maxTokens: 1000,
    },
  };
  const provider = {
    ...{ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'none', api: 'openai-completions' },
    models: [model],
  };
  const hold = () => {
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  };
  return {
    asked,
    hold,
    use: (tool, params) => void uses.push({ tool, params }),
    settings: {
      'models.providers.fake': provider,
      'agents.defaults.model.primary': 'fake/agreeable',
    },
  };
}

/**
 * The call by which a model uses a tool in this turn; null where it may not. Smaller questions, such as the one for a
 * title, have no tools. OpenClaw 2026.9 may keep the tools of plugins behind its `tool_call`.
 */
function callOf(question: string, use: ToolUse | undefined): object | null {
  if (!use) return null;
  const { tools = [] } = JSON.parse(question) as { tools?: { function?: { name?: string } }[] };
  const offered = tools.map((tool) => tool.function?.name);
  const { tool, params } = use;
  const isBehind = !offered.includes(tool) && offered.includes('tool_call');
  if (!isBehind && !offered.includes(tool)) return null;
  const [name, given] = isBehind ? ['tool_call', { id: tool, args: params }] : [tool, params];
  const id = `use${randomUUID().replaceAll('-', '')}`;
  return { index: 0, id, type: 'function', function: { name, arguments: JSON.stringify(given) } };
}
