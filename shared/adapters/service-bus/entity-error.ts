// Which failures of Service Bus are about one queue or one message alone: the connection is as good as before.

import { isServiceBusError } from '@azure/service-bus';

const OF_AN_ENTITY: ReadonlySet<string> = new Set([
  'MessagingEntityNotFound',
  'MessagingEntityDisabled',
  'MessagingEntityAlreadyExists',
  'UnauthorizedAccess',
  'QuotaExceeded',
  'ServiceBusy',
  'MessageSizeExceeded',
  'MessageNotFound',
  'MessageLockLost',
  'SessionLockLost',
  'SessionCannotBeLocked',
]);

/** Errors of AMQP that the SDK gives no code of its own. */
const CONDITIONS: ReadonlySet<string> = new Set([
  'InvalidOperationError',
  'ArgumentError',
  'ArgumentOutOfRangeError',
  'PublisherRevokedError',
  'ResourceDeletedError',
  'ResourceLockedError',
  'DetachForcedError',
  'PreconditionFailedError',
]);

/** True where nothing is wrong with the connection: the queue is missing, forbidden, full, throttled, or refused. */
export function isOfAnEntity(thrown: unknown): boolean {
  if (isQueueMissing(thrown)) return true;
  if (isServiceBusError(thrown) && OF_AN_ENTITY.has(thrown.code)) return true;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return CONDITIONS.has(code);
}

export function isQueueMissing(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return /could not be found|MessagingEntityNotFound/i.test(`${thrown.message} ${'code' in thrown ? thrown.code : ''}`);
}
