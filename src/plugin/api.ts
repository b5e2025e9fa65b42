import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '../rpc/methods.js';

/**
 * What is used of OpenClaw's plugin API, as it is in 2026.5.28, 2026.6.1 and 2026.9.6. What not all of them have is
 * optional.
 */
export interface PluginApi {
  /** `full` in a gateway and in a command that runs a plugin's; other modes only look at what there is. */
  registrationMode?: string;
  /** Where `openclaw.plugin.json` is. */
  rootDir?: string;
  config?: { gateway?: { auth?: { mode?: string } } };
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

/** The part of commander that is used; it is OpenClaw's own. */
export interface Program {
  command(name: string): Program;
  description(text: string): Program;
  helpOption(flag: boolean): Program;
  allowUnknownOption(): Program;
  argument(name: string): Program;
  action(work: () => Promise<void>): Program;
}

/** One call of a gateway method. */
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
  /** Since 2026.9: reaches the clients that may see it, as `plugin.<id of the plugin>.<name>`. */
  gatewayEvents?: { emit?(name: string, payload: object, options: { scope: Scope }): void };
}
