import { listReleases } from './looks/list.js';
import { showStatus } from './looks/status.js';
import { failWith } from './output.js';
import { atGlance, type CommonOptions } from './session.js';

const LOOKS = { list: listReleases, status: showStatus };

/** Runs `list` or `status` from one bundled file: most calls are these, and loading is most of their cost. */
export async function run(name: keyof typeof LOOKS, options: CommonOptions): Promise<void> {
  try {
    await atGlance(options, LOOKS[name]);
  } catch (error) {
    failWith(error, options.json ?? false);
  }
}
