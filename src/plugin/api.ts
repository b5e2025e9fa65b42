import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '../rpc/methods.js';

/** The part of OpenClaw's plugin API that we use (2026.5.28, 2026.6.1, 2026.9.6); optional where one lacks it. */
export interface PluginApi {
  /** `full` in a gateway and in a command of a plugin; other modes only inspect what exists. */
  registrationMode?: string;
  rootDir?: string;
  config?: {
    gateway?: { auth?: { mode?: string }; controlUi?: { enabled?: boolean; basePath?: string } };
  };
  logger?: { info(message: string): void; warn(message: string): void };
  runtime?: {
    version?: string;
    system?: {
      enqueueSystemEvent(
        text: string,
        options: { sessionKey: string; contextKey?: string; deliveryContext?: object },
      ): boolean | undefined;
      requestHeartbeat?(options: {
        source: string;
        intent: string;
        reason: string;
        sessionKey: string;
      }): unknown;
    };
  };
  registerCli(
    registrar: (context: { program: Program }) => void,
    options: {
      commands: string[];
      descriptors: { name: string; description: string; hasSubcommands: boolean }[];
    },
  ): void;
  registerGatewayMethod(
    name: string,
    handler: (call: GatewayCall) => Promise<void>,
    options: { scope: Scope },
  ): void;
  registerHttpRoute(route: {
    path: string;
    auth: 'gateway' | 'plugin';
    match: 'exact' | 'prefix';
    handler(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  }): void;
  registerService(service: { id: string; start(context: ServiceContext): void; stop(): void }): void;
  registerCommand?(command: ChatCommand): void;
  session?: { controls?: { registerControlUiDescriptor(tab: Tab): void } };
  on?(
    hook: 'before_tool_call',
    handler: (event: ToolCall) => { block: true; blockReason: string } | undefined,
    options: { matcher: string[] },
  ): void;
  registerTool?(make: (context: ToolContext) => AgentTool, options: { name: string }): void;
}

export interface Tab {
  surface: 'tab';
  id: string;
  label: string;
  description: string;
  icon: string;
  group: 'control';
  /** Address of a page below a route of the plugin that the gateway guards. */
  path: string;
  requiredScopes: Scope[];
}

export interface ToolCall {
  toolName: string;
  params?: Record<string, unknown>;
}

/** Facts about the turn in which an agent uses a tool; the gateway provides them, not the model. */
export interface ToolContext {
  config?: { commands?: { ownerAllowFrom?: unknown } };
  agentId?: string;
  sessionKey?: string;
  messageChannel?: string;
  requesterSenderId?: string;
  deliveryContext?: { channel?: string; to?: string; accountId?: string; threadId?: string | number };
  /** Since 2026.9; may change during the turn. */
  senderIsOwner?: boolean;
  /** Since 2026.9: throws when the turn has lost its right to act. */
  assertInvocationCurrent?(): void;
}

export interface AgentTool {
  name: string;
  label: string;
  description: string;
  /** JSON schema. */
  parameters: object;
  execute(
    id: string,
    params: unknown,
  ): Promise<{ content: { type: 'text'; text: string }[]; details: object }>;
}

/** A command of the chat, which reaches no model. */
export interface ChatCommand {
  name: string;
  description: string;
  acceptsArgs: boolean;
  /** Only senders that the channel lets in. */
  requireAuth: boolean;
  /** Scopes that a client of the gateway needs; in a channel, the owner has them all. */
  requiredScopes: Scope[];
  handler(call: CommandCall): Promise<{ text: string }>;
}

export interface CommandCall {
  args?: string;
  channel?: string;
  sessionKey?: string;
  isAuthorizedSender?: boolean;
  /** Scopes of a client of the gateway; absent in a channel. */
  gatewayClientScopes?: string[];
  senderIsOwner?: boolean;
  /** Since 2026.9: throws when the owner has lost that right since the command came. */
  assertOwnerCurrent?(): void;
}

export interface Program {
  command(name: string): Program;
  description(text: string): Program;
  helpOption(flag: boolean): Program;
  allowUnknownOption(): Program;
  argument(name: string): Program;
  action(work: () => Promise<void>): Program;
}

export interface GatewayCall {
  params: unknown;
  client?: { connId?: string; connect?: { scopes?: unknown; client?: { id?: unknown } } } | null;
  respond(ok: boolean, payload?: object, error?: GatewayError): void;
  context?: { broadcast?: Broadcast };
}

export type Broadcast = (event: string, payload: object, options?: { dropIfSlow?: boolean }) => void;

export interface GatewayError {
  code: 'UNAVAILABLE' | 'INVALID_REQUEST';
  message: string;
  details: object;
  retryable?: boolean;
}

export interface ServiceContext {
  /** Since 2026.9: reaches the clients that may see it, as `plugin.<plugin id>.<name>`. */
  gatewayEvents?: { emit?(name: string, payload: object, options: { scope: Scope }): void };
}
