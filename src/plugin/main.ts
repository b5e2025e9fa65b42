/**
 * The plugin that OpenClaw loads, one file with `build/bundle-plugin.js`: `npm install -g` replaces our files while the
 * gateway runs, so nothing is imported later. It reads and asks; a process of our command makes every change.
 */
import { registerAgentTool } from './agent-tool.js';
import type { PluginApi } from './api.js';
import { registerChatCommand } from './chat-command.js';
import { registerCommand } from './command.js';
import { registerMethods } from './gateway-methods.js';
import { collectsTools, hostOf, isWhole } from './host.js';
import { readShell } from './page-assets.js';
import { registerRoutes } from './routes.js';
import { Announcer, registerFollower } from './service.js';
import { registerShellGuard } from './shell-guard.js';

export default {
  id: 'openclaw-releases',
  name: 'Releases',
  description: 'Updates that cannot break the gateway that runs.',
  register(api: PluginApi): void {
    const host = hostOf(api);
    registerCommand(api, host);
    // For its agents, OpenClaw 2026.9 loads plugins once more.
    if (collectsTools(api)) {
      registerAgentTool(api, host);
      registerShellGuard(api);
    }
    if (!isWhole(api)) return;
    const announcer = new Announcer();
    registerChatCommand(api, host);
    registerMethods(api, host, (broadcast) => announcer.useBroadcast(broadcast));
    registerRoutes(api, host, readShell());
    registerFollower(api, host, announcer);
  },
};
