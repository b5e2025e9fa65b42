import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { writeTree } from '../support/place.js';
import { installPlugin } from '../support/plugin.js';
import { rpc } from '../support/rpc.js';
import { AT_ONCE } from '../support/timer-world.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const [OLD, NEW, NEXT] = ['2026.5.7', '2026.5.12', '2026.5.28'];
const MATRIX = '@openclaw/matrix';
const REFUSED =
  'The node kitchen pi (2026.5.3) speaks protocol 3, which 2026.5.12 refuses: update it first, or it stays away.';

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish(OLD, { tellsActivity: true, protocol: { current: 3, client: 3 } });
  publishMatrix(OLD);
  const state = world.env.OPENCLAW_STATE_DIR ?? '';
  installPlugin(state, OLD, join(world.root, 'releases', OLD), {
    ...{ id: 'matrix', name: MATRIX, path: `npm/projects/matrix/node_modules/${MATRIX}` },
  });
  const nodes = [
    { nodeId: 'a', displayName: 'kitchen pi', version: '2026.5.3' },
    { nodeId: 'b', displayName: 'phone', version: '2026.5.12' },
  ];
  writeTree(state, { 'nodes.json': JSON.stringify(nodes) });
  await world.start(OLD);
  world.publish(NEW, {
    ...{ tellsActivity: true, protocol: { current: 4, client: 4 }, plugins: { to: { matrix: NEW } } },
  });
});

function publishMatrix(version: string): void {
  const manifest = JSON.stringify({ name: MATRIX, version });
  world.registry.publish({ name: MATRIX, version, files: { 'package.json': manifest } });
}

interface Found {
  code: string;
  weight: string;
  sentence: string;
}

/** Findings of a document about clients and plugins. */
const found = ({ findings }: { findings: Found[] }) =>
  findings
    .filter(({ code }) => /^(peer|protocol|plugin)/.test(code))
    .map(({ code, weight, sentence }) => [code, weight, sentence]);

test('a release that is not staged: its protocol is unknown, and its missing plugin is named', async () => {
  const protocol = `The protocol of ${NEW} is not known before it is staged: openclaw-releases stage ${NEW}`;
  const plugin = `${MATRIX} is not published for ${NEW} yet; ${OLD} is installed.`;
  const expected = [
    ['protocol_unknown', 'information', protocol],
    ['plugin_unpublished', 'wait', plugin],
  ];
  expect(found(await world.ok('update', NEW, '--dry-run'))).toEqual(expected);
  const { exitCode, json } = await world.cli('check');
  expect(exitCode).toBe(10);
  expect(found(json)).toEqual(expected);
});

test('the timer waits for a plugin of OpenClaw, says so in explain, and takes the release with it', async () => {
  await world.ok('timer', 'enable', ...AT_ONCE);
  const { decision } = await world.ok('timer', 'explain');
  expect(decision).toMatchObject({ verdict: 'wait', rule: 'companions' });
  expect(decision.reason).toMatch(
    new RegExp(`^${MATRIX} is not published for ${NEW} yet, and is waited for`),
  );
  expect(await world.ok('timer', 'run', ...QUICK)).toMatchObject({
    decision: { verdict: 'wait', rule: 'companions' },
    changes: [],
  });
  publishMatrix(NEW);
  const after = await world.ok('timer', 'explain');
  expect(after.decision).toMatchObject({ verdict: 'update', version: NEW });
  expect(found(await world.ok('update', NEW, '--dry-run')).map(([code]) => code)).toEqual([
    'protocol_unknown',
  ]);
});

test('a node of the old protocol is named before the switch, by a dry run and in the change', async () => {
  await world.ok('stage', NEW);
  const expected = [['peer_refused', 'warning', REFUSED]];
  expect(found(await world.ok('update', NEW, '--dry-run'))).toEqual(expected);
  expect(found((await rpc(world, 'releases.check', { target: NEW })).payload)).toEqual(expected);
  expect((await world.ok('update', NEW, ...QUICK)).warnings).toContain(REFUSED);
});

test('between releases of one protocol no client is named, and a registry that fails leaves a plugin unknown', async () => {
  world.publish(NEXT, { tellsActivity: true, protocol: { current: 4, client: 4, node: 3 } });
  await world.ok('stage', NEXT);
  world.registry.fault({ kind: 'not-found', match: /matrix/ });
  expect(found(await world.ok('update', NEXT, '--dry-run'))).toEqual([
    [
      ...['plugin_unknown', 'information'],
      `It is not known if ${MATRIX} is published for ${NEXT}; ${NEW} is installed.`,
    ],
  ]);
  world.registry.clearFaults();
});
