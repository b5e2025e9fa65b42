import { expect, onTestFinished, test } from 'vitest';
import { miniatureCourse } from '../soak/miniature.js';
import { openclawCourse } from '../soak/openclaw.js';
import { Soak } from '../soak/soak.js';
import { expectRounds } from './expect-rounds.js';

test('a soak does all of its steps in an order that its seed alone decides', async () => {
  const miniature = (await miniatureCourse(onTestFinished)).course;
  const openclaw = (await openclawCourse(onTestFinished, null)).course;
  for (const [soak, course] of [
    [new Soak(miniature), miniature],
    [new Soak(openclaw), openclaw],
  ] as const) {
    const order = Array.from({ length: 500 }, (_, n) => soak.kindOf(n));
    expect(new Set(order)).toEqual(new Set(Object.keys(course.weights)));
    expect(order.toReversed()).toEqual(Array.from({ length: 500 }, (_, n) => soak.kindOf(499 - n)));
    expect(Object.keys(course.steps)).toEqual(expect.arrayContaining(Object.keys(course.weights)));
  }
});

test('8 steps of a soak keep what they promise: rows, releases, statuses', async () => {
  const soak = new Soak((await miniatureCourse(onTestFinished)).course);
  await expectRounds(soak.kind, 8, { jobs: 1 });
  console.info(soak.table());
});
