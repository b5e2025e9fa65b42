import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { OpenClaw } from './openclaw-gateway.js';
import { FIRST, OPENCLAW_NODE } from './openclaw-install.js';
import type { Story } from './openclaw-story.js';

/** Migrates the state of `FIRST` to this schema. */
const BAD = { version: '2026.9.6', schema: 18 };

/** Place of a snapshot, or of a displaced state. */
export function keptState({ root }: OpenClaw, name: string): string {
  return join(root, 'states', name, 'files');
}

/** The `user_version` of a database, whether its last changes are in its main file or beside it; a copy is opened. */
export async function schemaOf(openclaw: OpenClaw, path: string): Promise<number> {
  const script =
    'const { DatabaseSync } = require("node:sqlite");' +
    'console.log(new DatabaseSync(process.argv[1]).prepare("PRAGMA user_version").get().user_version);';
  const { stdout } = await openclaw.run(
    `copy=$(mktemp -d) && cp ${path} $copy && for beside in ${path}-wal; do [ ! -e $beside ] || cp $beside $copy; done` +
      ` && ${OPENCLAW_NODE} -e '${script}' $copy/${basename(path)} && rm -r $copy`,
  );
  return Number(stdout);
}

/** Updates to a release that migrates the state and then does not start: `FIRST` runs again, on its own state. */
export async function updateBadly(openclaw: OpenClaw, story: Story): Promise<void> {
  const { state, run } = openclaw;
  const identityOf = async () => (await run(`sha256sum ${state}/identity/device.json`)).stdout;
  const identity = await identityOf();
  const said = await openclaw.said();
  expect(said).not.toEqual([]);

  // It moves identity and tasks into a new database, then refuses a transcript that somebody has a second name for.
  await run(`mkdir ~/by-hand && ln ${state}/agents/main/sessions/*.jsonl ~/by-hand`);
  const { exitCode, json } = await story.change(`update ${BAD.version}`);
  expect({ exitCode, status: json.status, code: json.error?.code }, JSON.stringify(json)).toEqual({
    ...{ exitCode: 5, status: 'rolled_back', code: 'gateway_crashed' },
  });
  const { snapshot, stateRestored } = json;
  expect(snapshot).toMatchObject({ scope: 'all' });
  expect(stateRestored).toMatchObject({ restored: true, from: snapshot.name, release: FIRST.openclaw });
  const displaced = join(keptState(openclaw, stateRestored.aside), 'state/openclaw.sqlite');
  expect(await schemaOf(openclaw, displaced)).toBe(BAD.schema);

  expect(await openclaw.version()).toBe(FIRST.openclaw);
  expect(await openclaw.said()).toEqual(said);
  expect(await identityOf()).toBe(identity);
  const migrated = await run(`find ${state} -path '*/logs' -prune -o -name '*.migrated' -print`);
  expect(migrated.stdout).toBe('');
  expect((await story.ocr('status')).json).toMatchObject({
    ...{ current: FIRST.openclaw, trial: null, interrupted: [], restore: null },
  });
}
