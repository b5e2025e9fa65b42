import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { bootMachine } from '../lab/machine.js';
import { UNIT } from './openclaw-gateway.js';
import { installOpenClaw } from './openclaw-install.js';
import { packed, packing } from './openclaw-repack.js';
import { beginStory } from './openclaw-story.js';
import { testTurns } from './openclaw-turns.js';

describe('a turn of real OpenClaw under systemd that outlasts the wait of a change', () => {
  testTurns(async (atEnd, version, settings) => {
    const machine = await bootMachine({ atEnd });
    const openclaw = await installOpenClaw(machine, settings);
    const story = beginStory(machine, openclaw);
    await story.verified('adopt', '2026.5.28');
    await story.verified(`update ${version}`, version);
    return {
      url: `http://${openclaw.host}:${openclaw.port}`,
      log: () => machine.journal(UNIT),
      async ok(...args) {
        const { exitCode, json } = await story.ocr(args.join(' '));
        expect(exitCode, JSON.stringify(json)).toBe(0);
        return json;
      },
      async pack(wanted) {
        await openclaw.run(`npm ${packing(wanted, machine.shared).join(' ')}`);
        return join(machine.shared, packed(wanted));
      },
    };
  });
});
