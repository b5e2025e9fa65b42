import { expect } from 'vitest';
import type { Machine } from '../../lab/machine.js';
import { identityOf, observe } from '../../lab/observed.js';
import type { OpenClaw } from '../openclaw-gateway.js';
import { FIRST } from '../openclaw-install.js';
import { updateBadly } from '../openclaw-state.js';
import { beginStory } from '../openclaw-story.js';

/**
 * Adopts a gateway that runs `FIRST`, and updates it to a release that migrates the state and then does not start.
 * Seen from outside it is the same gateway in the end, on its own state and with what it was told.
 * @param adopt command with its options, and the user who types it
 */
export async function adoptAndUpdateBadly(
  machine: Machine,
  openclaw: OpenClaw,
  adopt: { command: string; as?: string },
): Promise<void> {
  const story = beginStory(machine, openclaw);
  const look = () => observe(machine, openclaw.unit, openclaw);
  const before = await look();
  const { host, port, user, state } = openclaw;
  expect(before).toMatchObject({ user, state, version: FIRST.openclaw });
  expect(before.listens).toContain(`${host}:${port}`);
  try {
    await story.verified(adopt.command, FIRST.openclaw, adopt.as);
    const adopted = await look();
    expect(adopted.pid).not.toBe(before.pid);
    expect(identityOf(adopted)).toEqual(identityOf(before));
    await openclaw.openSession();
    await openclaw.say(`To the gateway on port ${port}.`);

    await updateBadly(openclaw, story);
    const after = await look();
    expect(after.pid).not.toBe(adopted.pid);
    expect({ ...identityOf(after), version: after.version }).toEqual({
      ...{ ...identityOf(before), version: FIRST.openclaw },
    });
  } finally {
    console.log(await story.account());
  }
}
