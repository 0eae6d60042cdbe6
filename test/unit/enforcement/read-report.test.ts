// Reports of relays: right ones, and anything else.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReport } from '../../../shared/enforcement/read-report.ts';
import { ConnectorError } from '../../../shared/errors.ts';

const REPORT = {
  jobId: '8223840399999-0123456789abcdef0123-v2',
  attempt: 1,
  site: 'hq',
  relay: 'relay-1',
  stage: 'finished',
  at: '2026-11-20T11:00:00.000Z',
  outcome: 'refused',
  errorCause: { code: 503, name: 'Session Context Not Found' },
  transmissions: 2,
  hint: 'Turn CoA on.',
};

function refusal(body: unknown): ConnectorError {
  try {
    readReport(body);
  } catch (thrown) {
    if (thrown instanceof ConnectorError) return thrown;
    throw thrown;
  }
  throw new Error('the report was accepted');
}

test('a report is read as the relay sent it', () => {
  expect(readReport(REPORT)).toEqual(REPORT);
  const { outcome, errorCause, transmissions, hint, ...onTheWay } = REPORT;
  expect(readReport({ ...onTheWay, stage: 'taken' })).toEqual({ ...onTheWay, stage: 'taken' });
});

test('why answers were discarded is read, too: it tells a wrong secret from silence', () => {
  const discarded = { authenticator: 3 };
  expect(readReport({ ...REPORT, outcome: 'no-answer', discarded })).toMatchObject({ discarded });
});

test('earlier stages of the same attempt come along', () => {
  const earlier = [
    { stage: 'taken', at: '2026-11-20T10:59:59.000Z' },
    { stage: 'sent', at: '2026-11-20T10:59:59.500Z' },
  ];
  expect(readReport({ ...REPORT, earlier: earlier.map((step) => ({ ...step, more: 1 })) })).toEqual({
    ...REPORT,
    earlier,
  });
});

test('unknown fields are left aside', () => {
  expect(readReport({ ...REPORT, secret: 'x', __proto__: { polluted: true } })).toEqual(REPORT);
});

describe('what is no report is refused, naming the field', () => {
  test.each([
    ['stage', 'proven'],
    ['earlier', 'taken'],
    ['earlier', Array(3).fill({ stage: 'taken', at: REPORT.at })],
    ['stage', undefined],
    ['outcome', undefined],
    ['outcome', 'proven'],
    ['jobId', undefined],
    ['jobId', ''],
    ['jobId', 'a/b'],
    ['jobId', 'a|b'],
    ['jobId', "a' or 'x' eq 'x"],
    ['jobId', 'x'.repeat(201)],
    ['jobId', ['a']],
    ['site', 'HQ'],
    ['site', '../other'],
    ['site', ''],
    ['site', 7],
    ['relay', ''],
    ['relay', 'x'.repeat(101)],
    ['relay', { name: 'x' }],
    ['at', 'yesterday'],
    ['at', '2026-11-20'],
    ['at', 1_795_172_400],
    ['at', '2026-99-99T99:99:99.999Z'],
    ['attempt', '1'],
    ['attempt', 1.5],
    ['attempt', -1],
    ['attempt', 0],
    ['attempt', Number.NaN],
    ['attempt', 1e300],
    ['transmissions', 'two'],
    ['transmissions', -1],
  ])('%s %j', (field, value) => {
    expect(refusal({ ...REPORT, [field]: value })).toMatchObject({ code: 'NAC_REPORT', field });
  });

  test('earlier stages without their time', () => {
    const earlier = [{ stage: 'taken', at: 'yesterday' }];
    expect(refusal({ ...REPORT, earlier })).toMatchObject({ code: 'NAC_REPORT', field: 'at' });
  });

  test.each(['finished', 'proven', 7])('an earlier stage %j', (stage) => {
    const earlier = [{ stage, at: REPORT.at }];
    expect(refusal({ ...REPORT, earlier })).toMatchObject({ code: 'NAC_REPORT', field: 'earlier.stage' });
  });

  test.each([{ code: '503', name: 'x' }, {}, 'text', 503, []])('Error-Cause %j', (errorCause) => {
    expect(refusal({ ...REPORT, errorCause })).toMatchObject({
      code: 'NAC_REPORT',
      field: expect.stringMatching(/^errorCause/),
    });
  });

  test('an Error-Cause whose name is no text, even one that cannot become text', () => {
    expect(refusal({ ...REPORT, errorCause: { code: 503, name: { toString: 1 } } })).toMatchObject({
      code: 'NAC_REPORT',
      field: expect.stringMatching(/^errorCause/),
    });
  });

  test.each([null, undefined, 'report', 7, [], [REPORT], true])('%j is no report at all', (body) => {
    expect(refusal(body)).toMatchObject({ code: 'NAC_REPORT', action: expect.any(String) });
  });
});

test('long texts are cut, not kept', () => {
  expect(readReport({ ...REPORT, hint: 'x'.repeat(100_000) }).hint?.length).toBeLessThanOrEqual(500);
  const { errorCause } = readReport({ ...REPORT, errorCause: { code: 503, name: 'x'.repeat(100_000) } });
  expect(errorCause?.name.length).toBeLessThanOrEqual(100);
});

test('whatever is sent becomes a report or is refused as none, and nothing else happens', () => {
  const field = fc.constantFrom(...Object.keys(REPORT), 'discarded');
  const changed = fc.dictionary(field, fc.jsonValue()).map((fields) => ({ ...REPORT, ...fields }));
  fc.assert(
    fc.property(fc.oneof(changed, fc.jsonValue()), (body) => {
      try {
        readReport(body);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'NAC_REPORT', field: expect.any(String) });
      }
    }),
    { numRuns: 10_000 },
  );
});
