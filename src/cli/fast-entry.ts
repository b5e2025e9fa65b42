import { listReleases } from './looks/list.js';
import { showStatus } from './looks/status.js';
import { failWith } from './output.js';
import { atGlance, type CommonOptions } from './session.js';

const LOOKS = { list: listReleases, status: showStatus };

/** The commands that are asked for most: one file with what they always need, and nothing that changes anything. */
export async function run(name: keyof typeof LOOKS, options: CommonOptions): Promise<void> {
  try {
    await atGlance(options, LOOKS[name]);
  } catch (error) {
    failWith(error, options.json ?? false);
  }
}
