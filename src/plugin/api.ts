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
