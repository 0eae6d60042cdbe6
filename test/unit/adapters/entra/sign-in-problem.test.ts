// What an operator reads when Entra refuses a sign-in.

import { describe, expect, test } from 'vitest';
import { toSignInError } from '../../../../shared/adapters/entra/sign-in-problem.ts';
import { SourceError } from '../../../../shared/errors.ts';

/** As MSAL reports a refusal of Entra. */
function refusal(number: string, description = 'Something was refused.'): Error {
  return new Error(
    `invalid_client: Error(s): ${number} - Timestamp: 2026-11-20 10:00:00Z - Description: AADSTS${number}: ${description} ` +
      'Trace ID: 11111111-2222-4333-8444-555555555555 Correlation ID: 66666666-7777-4888-8999-000000000000 ' +
      'Timestamp: 2026-11-20 10:00:00Z',
  );
}

describe('a refused sign-in says what to do', () => {
  test.each([
    ['700016', 'the application is not in the tenant', /ENTRA_CLIENT_ID.*ENTRA_TENANT_ID/],
    ['90002', 'the tenant is not found', /ENTRA_TENANT_ID/],
    ['90038', 'the tenant is in another national cloud', /ENTRA_AUTHORITY_HOST/],
    ['900382', 'a confidential client is used across clouds', /ENTRA_AUTHORITY_HOST/],
    ['7000215', 'the secret’s id was given instead of its value', /ENTRA_CLIENT_SECRET.*value/],
    ['7000222', 'the secret has expired', /ENTRA_CLIENT_SECRET/],
    ['700027', 'the certificate is not uploaded', /certificate/i],
    ['700024', 'the clock is wrong', /clock|time/i],
    ['500011', 'the audience is wrong', /GRAPH_ENDPOINT/],
    ['65001', 'admin consent is missing', /admin consent/i],
    ['7000112', 'the application is disabled', /enable/i],
    ['53003', 'Conditional Access blocks it', /Conditional Access/],
  ])('AADSTS%s: %s', (number, _what, action) => {
    const error = toSignInError(refusal(number));
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ code: 'NAC_SOURCE_TOKEN', field: `AADSTS${number}` });
    expect(error.action).toMatch(action);
  });

  test.each(['90033', '90006', '50196'])(
    'AADSTS%s passes by itself or by waiting: the app registration is not to blame',
    (number) => {
      expect(toSignInError(refusal(number)).action).not.toMatch(/correct the app registration/i);
    },
  );

  test('an unknown number is named, with where to look it up', () => {
    const error = toSignInError(refusal('999999'));
    expect(error.message).toContain('AADSTS999999');
    expect(error.action).toMatch(/AADSTS/);
  });
});

test('the message has what Entra said, without ids and times', () => {
  const error = toSignInError(refusal('7000215', 'Invalid client secret provided.'));
  expect(error.message).toContain('Invalid client secret provided.');
  expect(error.message).not.toContain('Trace ID');
  expect(error.message).not.toContain('Correlation ID');
  expect(error.message).not.toContain('\n');
});

test('what the network said already keeps its own code and wait', () => {
  const unreachable = new SourceError('NAC_SOURCE_UNREACHABLE', 'No answer.', { action: 'Check.', retryAfterMs: 5 });
  expect(toSignInError(unreachable)).toBe(unreachable);
});

test.each([['text'], [undefined], [null], [7], [new Error('no number at all')]])(
  'anything else thrown is a token problem: %s',
  (thrown) => {
    expect(toSignInError(thrown)).toMatchObject({ code: 'NAC_SOURCE_TOKEN', cause: thrown });
  },
);
