// Identifiers of packets: which are free, and in which order they return.

import { expect, test } from 'vitest';
import { createIdentifierLedger } from '../../../../relay/radius/identifier-ledger.ts';

const WINDOW = 300_000;

test('what is in use stays so, however long ago the others ended', () => {
  let now = 0;
  const ledger = createIdentifierLedger(
    WINDOW,
    () => now,
    () => 0.999,
  );
  expect(ledger.take('port', 'nas')).toBe(255);
  expect(ledger.take('port', 'nas')).toBe(0);
  ledger.release('port', 'nas', 0);
  now = 2 * WINDOW;
  ledger.forgetFree();
  const taken = Array.from({ length: 255 }, () => ledger.take('port', 'nas'));
  expect(taken).not.toContain(255);
  expect(new Set(taken).size).toBe(255);
  expect(ledger.take('port', 'nas')).toBeUndefined();
});

test('the one that ended first is taken first', () => {
  let now = 0;
  const ledger = createIdentifierLedger(
    WINDOW,
    () => now,
    () => 0,
  );
  for (let identifier = 0; identifier < 256; identifier++) ledger.take('port', 'nas');
  ledger.release('port', 'nas', 9);
  now = 10;
  ledger.release('port', 'nas', 4);
  now = WINDOW - 1;
  expect(ledger.take('port', 'nas')).toBeUndefined();
  now = WINDOW;
  expect([ledger.take('port', 'nas'), ledger.take('port', 'nas')]).toEqual([9, undefined]);
  now = WINDOW + 10;
  expect([ledger.take('port', 'nas'), ledger.take('port', 'nas')]).toEqual([4, undefined]);
});

test('ports and NASes do not share', () => {
  const ledger = createIdentifierLedger(
    WINDOW,
    () => 0,
    () => 0,
  );
  expect([ledger.take('1', 'a'), ledger.take('1', 'b'), ledger.take('2', 'a'), ledger.take('1', 'a')]).toEqual([
    0, 0, 0, 1,
  ]);
});
