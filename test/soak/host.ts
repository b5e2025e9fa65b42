import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FULL_LANES, faketimePath, whyNot } from '../lanes/lanes.js';
import { aheadBy } from '../support/faketime.js';
import { type AtEnd, temporaryDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { DISK_MEBIBYTES } from '../torture/cut.js';
import { Soak } from './soak.js';

/** A soak with all that this host can do to a gateway, and a sentence for each thing that it cannot. */
export async function soakHere(atEnd: AtEnd): Promise<{ soak: Soak; lacks: string[] }> {
  const torture = FULL_LANES.find(({ name }) => name === 'torture');
  const noDisk = torture ? whyNot(torture) : null;
  const clockFile = faketimePath() ? join(temporaryDirectory('soak', atEnd), 'clock') : null;
  if (clockFile) writeFileSync(clockFile, '+0');
  const arena = {
    node: await sqliteNode(),
    ...(noDisk === null && { disk: DISK_MEBIBYTES }),
    ...(clockFile && { env: aheadBy(clockFile) }),
  };
  const lacks = [
    ...(noDisk === null ? [] : [`No power cut and no full disk: ${noDisk}`]),
    ...(clockFile ? [] : ['No clock jumps. Debian: apt-get install faketime']),
  ];
  return { soak: new Soak({ arena, clockFile }), lacks };
}
