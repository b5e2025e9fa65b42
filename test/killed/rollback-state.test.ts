import { beforeAll, expect, test } from 'vitest';
import { keptOf } from '../../src/state/kept.js';
import { rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, keptContent, say, wholeState, wordsOf, writeOldState } from '../support/state.js';
import { makeWorld, type World } from '../support/world.js';
import { drawnFrom, killedAt, pointsOf, tableOf } from './killed.js';

const ROWS = tableOf(`
before write ledger: switch doing  | -baseline package_update_failed                                 | old
after write ledger: switch doing   | -baseline -switch package_update_failed                         | old
before link previous               | -baseline -switch package_update_failed                         | old
after link previous                | -baseline -switch package_update_failed                         | old
before write return.json           | -baseline -switch package_update_failed                         | old
after write return.json            | -baseline -switch package_update_failed                         | old
before write trial                 | -baseline -switch package_update_failed                         | old
after write trial                  | -baseline -switch package_update_failed                         | old
before write restore.json          | -baseline -switch package_update_failed                         | old
after write restore.json           | -baseline -switch package_update_failed                         | old
before link current                | -baseline -switch package_update_failed                         | old
after link current                 | -baseline -switch package_update_failed                         | old
before write ledger: switch done   | -baseline -switch package_update_failed                         | old
after write ledger: switch done    | -baseline -switch package_update_failed                         | old
before write ledger: restart doing | -baseline -switch package_update_failed                         | old
after write ledger: restart doing  | -baseline -switch restart! package_updated_restart_failed       | old
before write ledger: restart done  | … switch restart! verify bless package_updated_restart_verified | new
after write ledger: restart done   | … bless package_updated_restart_verified                        | new
before write ledger: verify doing  | … bless package_updated_restart_verified                        | new
after write ledger: verify doing   | … bless package_updated_restart_verified                        | new
before write ledger: verify done   | … bless package_updated_restart_verified                        | new
after write ledger: verify done    | … bless package_updated_restart_verified                        | new
before write ledger: bless doing   | … bless package_updated_restart_verified                        | new
after write ledger: bless doing    | … bless package_updated_restart_verified                        | new
before remove trial                | … bless package_updated_restart_verified                        | new
after remove trial                 | … bless package_updated_restart_verified                        | new
before remove return.json          | … bless package_updated_restart_verified                        | new
after remove return.json           | … bless package_updated_restart_verified                        | new
before write ledger: bless done    | … bless package_updated_restart_verified                        | new
after write ledger: bless done     | … bless package_updated_restart_verified                        | new
`);

const OLDER = '2026.6.1';
const NEWER = '2026.9.2';
const AGENT = 'agents/main/agent/openclaw-agent.sqlite';

const atEnd = atEndOfAll();
let world: World;
let spoken = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish(OLDER);
  world.publish(NEWER, { migratesTo: { state: 15, agent: 19 } });
  await writeOldState(world);
  await world.start(OLDER);
});

/** The newer release runs, has migrated the state, and knows something that the older one cannot know. */
async function goForward(): Promise<string> {
  if ((await world.version()) !== NEWER) await world.ok('update', NEWER, '--settle', '0.1');
  const text = `only the newer one knows ${++spoken}`;
  await say(world, text);
  return text;
}

test('every durable write of a rollback that takes the state along has its two lines, from its switch on', async () => {
  await goForward();
  const points = await pointsOf(world, 'rollback', '--yes');
  const [begins, ends] = [ROWS[0]?.[0] ?? '', ROWS.at(-1)?.[0] ?? ''];
  expect(ROWS.map(([point]) => point)).toEqual(
    points.slice(points.indexOf(begins), points.indexOf(ends) + 1),
  );
});

test.each(drawnFrom(ROWS))('killed %s: %s; %s; and the state is wholly of that release', async (...row) => {
  const text = await goForward();
  const before = await wholeState(world);
  expect(await killedAt(world, row[0], 'rollback', '--yes')).toEqual(row);
  expect(exchangeFiles(world)).toEqual([]);
  if (row[2] === 'old') {
    expect(await wholeState(world)).toEqual(before);
    return;
  }
  expect(await wordsOf(world)).toEqual(['the first thing said']);
  const aside = keptOf(rootAt(world.root), NEWER);
  expect((await keptContent(world, aside?.name ?? ''))[AGENT]).toEqual(before[AGENT]);
  expect(JSON.stringify(before[AGENT])).toContain(text);
});
