// What goes wrong with Graph's list of managed devices, each switched on while a sweep runs: the sweep waits, asks
// again and ends with everything, and until then answers stay as they were.

import { describe, expect, test } from 'vitest';
import type { IntuneTenant } from '../../../local/intune-tenant/intune-tenant.ts';
import type { Script } from '../../../local/intune-tenant/script.ts';
import {
  expectFailures,
  HOUR_MS,
  SLICE_MS,
  startQuirky,
  tickAfter,
  ticksUntilSwept,
} from '../../support/quirk-scenario.ts';
import { expectAllReported, expectNoFalseAnswer, startTurned } from '../../support/turned-fleet.ts';

const script =
  (...scripts: readonly Omit<Script, 'target'>[]) =>
  (tenant: IntuneTenant): void => {
    for (const each of scripts) tenant.script({ target: 'page', ...each });
  };

interface Passing {
  readonly begin: (tenant: IntuneTenant) => void;
  /** Requests for pages until the sweep has come to its end; four when nothing is asked for twice. */
  readonly asked: number;
  readonly code?: string;
  /** Ticks that ask for nothing, because the source asked to wait longer. */
  readonly waits?: number;
}

const PASSING: readonly (readonly [string, Passing])[] = [
  [
    '504 in the middle of paging',
    { begin: script({ page: 3, answer: 'gatewayTimeout' }), asked: 5, code: 'NAC_SOURCE_UNAVAILABLE' },
  ],
  [
    '504 on every page once',
    { begin: script({ answer: 'gatewayTimeout', every: 2, times: 4 }), asked: 8, code: 'NAC_SOURCE_UNAVAILABLE' },
  ],
  [
    '503 with JSON inside JSON',
    { begin: script({ page: 2, answer: 'cancelledOnServiceTimeout' }), asked: 5, code: 'NAC_SOURCE_UNAVAILABLE' },
  ],
  [
    '403 now and then with a good token',
    { begin: script({ answer: 'forbidden', every: 3, times: 5 }), asked: 6, code: 'NAC_SOURCE_UNAVAILABLE' },
  ],
  [
    '429 without Retry-After, twice',
    { begin: script({ page: 2, answer: 'tooManyRequests', times: 2 }), asked: 6, code: 'NAC_SOURCE_THROTTLED' },
  ],
  [
    '429 with a Retry-After of ninety seconds',
    {
      begin: script({ page: 2, answer: 'tooManyRequests', retryAfterSeconds: 90 }),
      asked: 5,
      code: 'NAC_SOURCE_THROTTLED',
      waits: 1,
    },
  ],
  [
    '429 with a Retry-After with a fraction',
    {
      begin: script({ page: 4, answer: 'tooManyRequests', retryAfterSeconds: 2.128 }),
      asked: 5,
      code: 'NAC_SOURCE_THROTTLED',
    },
  ],
  [
    '429 with a Retry-After that is a date',
    {
      begin: script({ page: 3, answer: 'tooManyRequests', retryAfterDate: 90 }),
      asked: 5,
      code: 'NAC_SOURCE_THROTTLED',
      waits: 1,
    },
  ],
  ['truncated JSON', { begin: script({ page: 2, damage: 'truncated' }), asked: 5, code: 'NAC_SOURCE_PAGE' }],
  [
    'an answer that breaks off',
    { begin: script({ page: 3, damage: 'cut' }), asked: 5, code: 'NAC_SOURCE_UNREACHABLE' },
  ],
  [
    'a connection reset before the answer',
    { begin: script({ page: 3, damage: 'reset' }), asked: 5, code: 'NAC_SOURCE_UNREACHABLE' },
  ],
  [
    'an answer that stalls',
    { begin: script({ page: 3, damage: 'stalled' }), asked: 5, code: 'NAC_SOURCE_UNREACHABLE' },
  ],
  ['a socket that hangs', { begin: script({ page: 4, hang: true }), asked: 5, code: 'NAC_SOURCE_UNREACHABLE' }],
  ['a slow answer', { begin: script({ delayMs: 150, times: 4 }), asked: 4 }],
  [
    'the page of a captive portal',
    {
      begin: script({ answer: 'captivePortal' }, { page: 3, answer: 'captivePortal' }),
      asked: 6,
      code: 'NAC_SOURCE_PAGE',
    },
  ],
];

describe('a sweep that meets', () => {
  test.each(PASSING)(
    '%s ends with everything, and asks for no page it has',
    async (_, { begin, asked, code, waits = 0 }) => {
      await using nac = await startQuirky({ env: { HTTPS_READ_TIMEOUT: '1s' } });
      const fleet = await startTurned(nac);
      begin(nac.tenant);
      nac.clock.advance(HOUR_MS);

      const results = [await nac.app.poll(SLICE_MS)];
      await expectNoFalseAnswer(nac, fleet);
      if (results[0]?.kind !== 'complete') results.push(...(await ticksUntilSwept(nac)));

      expectFailures(results, code);
      expect(results.at(-1)).toEqual({ kind: 'complete' });
      expect(results.filter(({ kind }) => kind === 'waiting')).toHaveLength(waits);
      expect(fleet.asked()).toBe(asked);
      await expectAllReported(nac, fleet);
    },
  );
});

describe('a nextLink', () => {
  test.each([
    [
      'that leads to its own page again and again',
      { repeatedNextLinkPage: 2 },
      { repeatedNextLinkPage: null },
      'NAC_SOURCE_PAGE_LOOP',
    ],
    [
      'that is refused as expired at once',
      { nextLinkLifetimeSeconds: 0 },
      { nextLinkLifetimeSeconds: null },
      'NAC_SOURCE_UNAVAILABLE',
    ],
  ])('%s is asked for once a tick, and everything is read when that is over', async (_, on, off, code) => {
    await using nac = await startQuirky();
    const fleet = await startTurned(nac);
    nac.tenant.behave(on);
    nac.clock.advance(HOUR_MS);
    const results = [];
    for (let tick = 0; tick < 6; tick++) {
      results.push(await tickAfter(nac));
      await expectNoFalseAnswer(nac, fleet);
    }
    // After the third failure the first page is read once more.
    expect(results.map(({ kind }) => kind)).toEqual(new Array(6).fill('failed'));
    expect(fleet.asked()).toBe(6 + 2);

    nac.tenant.behave(off);
    expectFailures([...results, ...(await ticksUntilSwept(nac))], code);
    expect(fleet.asked(), 'the four pages again, since the link was given up').toBe(6 + 2 + 4);
    await expectAllReported(nac, fleet);
  });

  test('that grew too old between two slices is given up for the first page', async () => {
    await using nac = await startQuirky();
    const fleet = await startTurned(nac);
    nac.tenant.behave({ nextLinkLifetimeSeconds: 300 });
    nac.clock.advance(HOUR_MS);
    expect(await nac.app.poll(0)).toEqual({ kind: 'sliced' });
    const before = fleet.asked();
    nac.clock.advance(10 * 60_000);

    const results = await ticksUntilSwept(nac);
    expectFailures(results, 'NAC_SOURCE_UNAVAILABLE');
    expect(fleet.asked() - before).toBe(3 + 4);
    await expectAllReported(nac, fleet);
  });
});

test('a list that silently ends early, three sweeps long, makes no device absent and hides no change', async () => {
  await using nac = await startQuirky();
  const fleet = await startTurned(nac);
  nac.tenant.behave({ listEndsAfterPages: 1 });
  for (let sweep = 0; sweep < 3; sweep++) {
    await tickAfter(nac, HOUR_MS);
    await expectNoFalseAnswer(nac, fleet);
  }
  expect(fleet.asked()).toBe(3);
  nac.tenant.behave({ listEndsAfterPages: null });

  await tickAfter(nac, HOUR_MS);
  await expectAllReported(nac, fleet);
});

test('more questions than Intune takes in twenty seconds spread over ticks, and none is lost', async () => {
  await using nac = await startQuirky();
  const fleet = await startTurned(nac);
  nac.tenant.behave({ intuneRequestLimit: 1 });
  nac.clock.advance(HOUR_MS);

  const results = [await nac.app.poll(SLICE_MS), ...(await ticksUntilSwept(nac))];
  expectFailures(results, 'NAC_SOURCE_THROTTLED');
  expect(fleet.asked(), 'each page refused but the first').toBe(4 + 3);
  nac.tenant.behave({ intuneRequestLimit: null });
  await expectAllReported(nac, fleet);
});
