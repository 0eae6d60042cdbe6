// Stations at an open port: a flood of made-up addresses is one line in ten seconds, with the number it stands for.

import { expect, test } from 'vitest';
import { boundUnknownStations } from '../../../shared/lookup/unknown-stations.ts';
import { collectingLogger } from '../../support/collecting-logger.ts';

test('a flood costs one line in ten seconds for each client, which says how many stations it stands for', () => {
  const { logger, entries } = collectingLogger();
  let now = Date.UTC(2026, 10, 30);
  let counted = 0;
  const metrics = {
    count: (_name: string, by = 1): void => {
      counted += by;
    },
  };
  const stations = boundUnknownStations(60, { now: () => new Date(now) }, metrics, logger);
  const kept = { a: 0, b: 0 };
  for (let millisecond = 0; millisecond < 30_000; millisecond += 10) {
    for (const client of ['a', 'b'] as const) kept[client] += Number(stations.take(client));
    now += 10;
  }
  expect(kept).toEqual({ a: 89, b: 89 });
  const ofA = entries.filter(({ fields }) => fields['client'] === 'a');
  expect(ofA.map(({ event }) => event)).toEqual(Array(3).fill('lookup.unknown-stations-limited'));
  expect(entries.length).toBe(6);
  const told = entries.reduce((sum, { fields }) => sum + Number(fields['stations']), 0);
  expect(counted).toBe(told);
  expect(told).toBeGreaterThan(2 * 1_900);
});
