// What is held, as a sweep has it in hand: the same as maps of it would say, in a few bytes a device.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTurns, type TurnDirection } from '../../../../shared/domain/device/turn-direction.ts';
import { HeldAbsences, HeldFlips } from '../../../../shared/polling/breaker/held-in-memory.ts';
import { EARLIER_RUNS } from '../../../../shared/polling/breaker/mass-change.ts';

const keyOf = (number: number) => ({ source: 'intune', id: `device-${number}` });
const direction = fc.constantFrom<TurnDirection | undefined>('better', 'worse', undefined);

test('held turns are counted as a map of them would be', () => {
  const step = fc.record({ number: fc.nat(20), to: direction, isEnd: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.uniqueArray(fc.nat(25)), (steps, others) => {
      const held = new HeldFlips();
      const expected = new Map<number, TurnDirection | undefined>();
      for (const { number, to, isEnd } of steps) {
        if (isEnd) {
          held.delete(keyOf(number));
          expected.delete(number);
        } else {
          held.set(keyOf(number), to);
          expected.set(number, to);
        }
      }
      expect(held.size).toBe(expected.size);
      expect(others.filter((number) => held.has(keyOf(number)))).toEqual(others.filter((one) => expected.has(one)));
      const rest = [...expected].filter(([number]) => !others.includes(number)).map(([, to]) => to);
      expect(held.turnsBut(others.map(keyOf))).toEqual(countTurns(rest));
    }),
  );
});

test('an absence is of the run that held it, however many runs there are', () => {
  const held = new HeldAbsences();
  for (let number = 0; number < 65_600; number++) held.set(keyOf(number), `run-${number}`);
  expect(held.size).toBe(65_600);
  expect(held.runOf(keyOf(0))).toBe('run-0');
  expect(held.runOf(keyOf(65_534))).toBe('run-65534');
  expect([65_535, 65_536, 65_599].map((number) => held.runOf(keyOf(number)))).toEqual(Array(3).fill(EARLIER_RUNS));
  expect(held.runOf(keyOf(70_000))).toBeUndefined();
  held.set(keyOf(1), 'run-0');
  expect([held.runOf(keyOf(1)), held.size]).toEqual(['run-0', 65_600]);
});

test('of each device no text and no object is kept', () => {
  const COUNT = 100_000;
  const before = process.memoryUsage().arrayBuffers;
  const flips = new HeldFlips();
  const absences = new HeldAbsences();
  for (let number = 0; number < COUNT; number++) {
    flips.set(keyOf(number), 'worse');
    absences.set(keyOf(number), 'run-a');
  }
  expect([flips.size, absences.size]).toEqual([COUNT, COUNT]);
  // Sixteen bytes and a slot of four to eight, doubled while it grows, twice; what was outgrown may not be collected
  // yet.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * COUNT * 160);
});
