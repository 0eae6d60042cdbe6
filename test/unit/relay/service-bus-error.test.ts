// What an operator reads when Service Bus refuses.

import { ServiceBusError } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { serviceBusError } from '../../../relay/service-bus-error.ts';
import { RELAY_ERROR_CODES } from '../../../shared/errors.ts';

const named = (name: string, message = 'x') => Object.assign(new Error(message), { name });

test.each([
  [named('AuthenticationError', 'AADSTS7000215: Invalid client secret'), 'NAC_RELAY_UNAUTHORIZED', 'tenantId'],
  [named('CredentialUnavailableError'), 'NAC_RELAY_UNAUTHORIZED', 'certificate or secret'],
  [new ServiceBusError('Send claims are required', 'UnauthorizedAccess'), 'NAC_RELAY_UNAUTHORIZED', 'Data Receiver'],
  [new ServiceBusError('not be found', 'MessagingEntityNotFound'), 'NAC_RELAY_QUEUE', 'relay.yaml'],
  [
    new ServiceBusError(
      'A sessionful receiver cannot be created on an entity that does not require sessions',
      'GeneralError',
    ),
    'NAC_RELAY_QUEUE',
    'sessions required',
  ],
  [new ServiceBusError('read ECONNRESET', 'ServiceCommunicationProblem'), 'NAC_RELAY_SERVICE_BUS', '5671'],
  ['not even an error', 'NAC_RELAY_SERVICE_BUS', 'tries on'],
])('%s is %s', (thrown, code, advice) => {
  const error = serviceBusError(thrown, 'coa-hq');
  expect(error).toMatchObject({ code, action: expect.stringContaining(advice), cause: thrown });
  expect(RELAY_ERROR_CODES).toContain(error.code);
  expect(serviceBusError(error, 'other')).toBe(error);
});
