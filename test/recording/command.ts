/** `npm run recording`: records an update and a rollback in a terminal, with the miniature OpenClaw. */
import { writeFileSync } from 'node:fs';
import { show } from '../support/on-terminal.js';
import { until } from '../support/place.js';
import { makeWorld } from '../support/world.js';
import { Screen } from './screen.js';
import { recordingSvg } from './svg.js';

const COMMANDS = [['update', '2026.6.1'], ['rollback'], ['history']];

const PICTURE = new URL('../../docs/pictures/update.svg', import.meta.url);

const cleaning: (() => unknown)[] = [];
const atEnd = (clean: () => unknown) => void cleaning.push(clean);

try {
  const world = await makeWorld(atEnd);
  for (const version of ['2026.5.28', '2026.6.1']) world.publish(version);
  await world.start('2026.5.28');
  const screen = new Screen();
  const begun = Date.now();
  for (const words of COMMANDS) {
    screen.write(`$ openclaw-releases ${words.join(' ')}\n`, Date.now() - begun);
    // Wide enough for whole lines, and for a table without its longest column.
    const env = { COLUMNS: words[0] === 'history' ? '100' : '140' };
    const shown = show(world, [...words, '--color', 'always'], { terminal: true, env, atEnd });
    let seen = 0;
    let isOver = false;
    const take = () => {
      screen.write(shown.screen().slice(seen), Date.now() - begun);
      seen = shown.screen().length;
      return isOver;
    };
    const ended = shown.ended.then((code) => {
      isOver = true;
      return code;
    });
    await until(`${words[0]} has ended`, () => Promise.resolve(take()), 300_000);
    if ((await ended) !== 0) throw new Error(`${words.join(' ')} failed:\n${shown.screen()}`);
    take();
  }
  writeFileSync(PICTURE, recordingSvg('An update and a rollback in a terminal', screen.lines));
} finally {
  for (const clean of cleaning.reverse()) await clean();
}
