// An error the broker reports to a client: the AMQP condition the SDK maps to its own error codes, and the status used
// in replies of management requests.

import { LocalError } from '../local-error.ts';

export class BrokerError extends LocalError {
  readonly condition: string;
  readonly status: number;

  constructor(condition: string, status: number, message: string) {
    super(message);
    this.condition = condition;
    this.status = status;
  }
}

export function messageLockLost(): BrokerError {
  return new BrokerError(
    'com.microsoft:message-lock-lost',
    410,
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
  );
}

export function sessionLockLost(sessionId: string): BrokerError {
  return new BrokerError(
    'com.microsoft:session-lock-lost',
    410,
    `The session lock has expired on the session '${sessionId}'. Accept the session again.`,
  );
}

export function sessionTaken(sessionId: string): BrokerError {
  return new BrokerError(
    'com.microsoft:session-cannot-be-locked',
    410,
    `The requested session '${sessionId}' cannot be accepted. It may be locked by another receiver.`,
  );
}

export function noSessionAvailable(): BrokerError {
  return new BrokerError('com.microsoft:timeout', 408, 'No session with messages became available in time.');
}

export function messageNotFound(sequenceNumber: number): BrokerError {
  return new BrokerError(
    'com.microsoft:message-not-found',
    404,
    `There is no scheduled message with sequence number ${sequenceNumber}.`,
  );
}

export function queueNotFound(path: string): BrokerError {
  // The SDK recognises a missing queue by these words.
  return new BrokerError('amqp:not-found', 404, `The messaging entity '${path}' could not be found.`);
}

export function queueDisabled(path: string): BrokerError {
  return new BrokerError('com.microsoft:entity-disabled', 400, `The messaging entity '${path}' is currently disabled.`);
}

export function messageTooLarge(size: number, limit: number): BrokerError {
  return new BrokerError(
    'amqp:link:message-size-exceeded',
    403,
    `The received message (${size} bytes) exceeds the limit of ${limit} bytes.`,
  );
}

export function notAllowed(message: string): BrokerError {
  return new BrokerError('amqp:not-allowed', 400, message);
}

export function notImplemented(what: string): BrokerError {
  return new BrokerError('amqp:not-implemented', 501, `The embedded broker does not offer ${what}.`);
}

export function unauthorized(message: string): BrokerError {
  return new BrokerError('amqp:unauthorized-access', 401, message);
}

/** What a client learns of an error, of whatever kind. */
export function toBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  return new BrokerError('amqp:internal-error', 500, error instanceof Error ? error.message : String(error));
}
