// The table of AADSTS numbers: each has a meaning, an action, and settings that exist.

import { expect, test } from 'vitest';
import { AADSTS_NUMBERS, aadstsRefusal } from '../../../../shared/adapters/entra/aadsts-refusals.ts';
import { toSignInError } from '../../../../shared/adapters/entra/sign-in-problem.ts';
import { explainFailure } from '../../../../shared/doctor/explain-failure.ts';
import { SETTINGS } from '../../../../shared/settings/settings-table.ts';

/** Those an operator meets, by Microsoft's lists and by field reports. */
const MET = [
  '700016 90002 90038 900382 900432 7000215 7000222 700027 700024 700030 50012 7000218 900144 500011 650057 650052 65005',
  '65001 70011 700022 700023 901002 7000112 70001 53003 700211 700213 70021 700212 70025 700223 700236 700238 700229',
  '50196 90055 90006 90012 90024 90033 90090 50033',
].flatMap((line) => line.split(' '));

test('every number an operator meets has a meaning and something to do', () => {
  expect([...AADSTS_NUMBERS].sort()).toEqual([...MET].sort());
});

test.each(MET)('AADSTS%s reaches the doctor with both', (number) => {
  const outcome = explainFailure(toSignInError(new Error(`invalid_client: AADSTS${number}: No. Trace ID: 1`)));
  expect(outcome).toMatchObject({
    status: 'failed',
    code: 'NAC_SOURCE_TOKEN',
    saw: `Microsoft Entra gave no token: AADSTS${number}: No.`,
    means: aadstsRefusal(number)?.means,
    action: aadstsRefusal(number)?.action,
  });
});

test('settings they name exist', () => {
  const texts = MET.map((number) => aadstsRefusal(number)?.action ?? '').join(' ');
  const named = new Set(texts.match(/\b(?:ENTRA|GRAPH|INTUNE)_[A-Z_]+\b/g));
  expect([...named].filter((name) => !(name in SETTINGS))).toEqual([]);
});
