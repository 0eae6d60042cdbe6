// Which failures of the Service Bus SDK say something about the connection.

import { ServiceBusError, type ServiceBusErrorCode } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { isOfAnEntity } from '../../../../shared/adapters/service-bus/entity-error.ts';

const of = (code: ServiceBusErrorCode): boolean => isOfAnEntity(new ServiceBusError('refused', code));

test.each([
  'UnauthorizedAccess',
  'MessagingEntityNotFound',
  'MessagingEntityDisabled',
  'QuotaExceeded',
  'ServiceBusy',
  'MessageSizeExceeded',
] as const)('%s speaks of a queue', (code) => {
  expect(of(code)).toBe(true);
});

test.each(['ServiceCommunicationProblem', 'ServiceTimeout', 'GeneralError'] as const)(
  '%s speaks against the connection',
  (code) => {
    expect(of(code)).toBe(false);
  },
);

test('whatever else is thrown speaks against the connection', () => {
  for (const thrown of [new Error('socket hang up'), undefined, 'lost']) expect(isOfAnEntity(thrown)).toBe(false);
});
