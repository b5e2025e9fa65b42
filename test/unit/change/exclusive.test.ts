import { expect, test, vi } from 'vitest';
import { exclusive } from '../../../src/change/exclusive.js';
import { tell } from '../../../src/change/tell.js';
import { temporaryRoot } from '../../support/place.js';

vi.mock('../../../src/change/tell.js', () => ({ tell: vi.fn() }));

const supervisor = { inspect: () => Promise.reject(new Error('There is none.')) } as never;

test.each([
  [{ recover: false, atBoot: false }, 0],
  [{ recover: true, atBoot: true }, 0],
  [{ recover: true, atBoot: false }, 1],
])(
  'verdicts are told after work with a recovery, but not at boot: %j',
  async ({ recover, atBoot }, times) => {
    vi.mocked(tell).mockReset();
    const environment = { root: temporaryRoot(), supervisor, atBoot };
    await exclusive(environment, { doing: 'a test', recover }, () => {});
    expect(tell).toHaveBeenCalledTimes(times);
    const failing = exclusive(environment, { doing: 'a test', recover }, () =>
      Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(tell).toHaveBeenCalledTimes(2 * times);
  },
);
