import { stripVTControlCharacters } from 'node:util';
import { expect, test, vi } from 'vitest';
import { paint } from '../../../src/cli/paint.js';

// The library looks once, as it is loaded.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1';
});

/** Colours of a line by what they colour. */
function coloured(line: string): string[] {
  const shown = paint(line).replaceAll('\u001b', '^');
  return [...shown.matchAll(/((?:\^\[(?:1|2|3\d)m)+)([^^]+)\^/g)].map(
    ([, codes = '', text = '']) => `${codes.replaceAll('^[', '').replaceAll('m', ',')}${text}`,
  );
}

const [RED, GREEN, YELLOW, CYAN, DIM, BOLD] = ['31,', '32,', '33,', '36,', '2,', '1,'];

test.each([
  ['error: There is no release. [no_current]', [`${BOLD}${RED}error:`, `${DIM} [no_current]`]],
  ['error: It has no code.', [`${BOLD}${RED}error:`]],
  ['warning: It is old.', [`${BOLD}${YELLOW}warning:`]],
  ['✔ Seal  ready', [`${GREEN}✔`]],
  ['x Verify  2 s', [`${RED}x`]],
  ['2026.9.6 is staged. [staged]', [`${GREEN}2026.9.6 is staged.`, `${DIM}[staged]`]],
  ['2026.9.5 is current again. [rolled_back]', [`${RED}2026.9.5 is current again.`, `${DIM}[rolled_back]`]],
  ['  next: openclaw-releases list', [`${DIM}  next: `, `${CYAN}openclaw-releases list`]],
  ['It is held. Next: openclaw-releases unhold', [`${DIM}Next: `, `${CYAN}openclaw-releases unhold`]],
  ['2026.9.6  compatible  running, current', [`${GREEN}running, current`]],
  ['4  2026-11-26 02:38  update 1 → 2  rolled back  3 s', [`${RED}rolled back`]],
  ['RULE  SAYS  WHY', [`${BOLD}RULE  SAYS  WHY`]],
  ['The gateway is running', []],
])('%s', (line, colours) => {
  expect(coloured(line)).toEqual(colours);
  expect(stripVTControlCharacters(paint(line))).toBe(line);
});
