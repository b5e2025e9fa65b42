/**
 * The plugin that OpenClaw loads, one file with `build/bundle-plugin.js`: `npm install -g` replaces our files while the
 * gateway runs, so nothing is imported later. It reads and asks; a process of our command makes every change.
 */
import type { PluginApi } from './api.js';
import { registerCommand } from './command.js';
import { registerMethods } from './gateway-methods.js';
import { hostOf, isWhole } from './host.js';
import { readShell } from './page-assets.js';
import { registerRoutes } from './routes.js';
import { Announcer, registerFollower } from './service.js';

export default {
  id: 'openclaw-releases',
  name: 'Releases',
  description: 'Updates that cannot break the gateway that runs.',
  register(api: PluginApi): void {
    const host = hostOf(api);
    registerCommand(api, host);
    if (!isWhole(api)) return;
    const announcer = new Announcer();
    registerMethods(api, host, (broadcast) => announcer.useBroadcast(broadcast));
    registerRoutes(api, host, readShell());
    registerFollower(api, host, announcer);
  },
};
