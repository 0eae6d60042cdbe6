// The management operations of a queue: what each reads from the request and what it answers with.
import { BrokerError, notImplemented } from './broker-error.ts';
import { lockTokenFromBytes } from './lock-token.ts';
import { parseMessage } from './message-content.ts';
import type { MessageQueue } from './message-queue.ts';
import { isRecord, longs, numberFromLong, plainValues, timestamps } from './rhea-quirks.ts';

type Fields = Readonly<Record<string, unknown>>;

/** undefined: done, there is nothing to return. */
type Operation = (queue: MessageQueue, request: Fields) => Fields | undefined;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'com.microsoft:renew-lock': (queue, request) => ({
    expirations: timestamps(lockTokens(request).map((token) => queue.renewLock(token))),
  }),
  'com.microsoft:peek-message': (queue, request) => {
    const from = numberFromLong(request['from-sequence-number']);
    const sessionId = request['session-id'];
    const messages = queue.peek(from, Number(request['message-count']), optionalText(sessionId));
    return messages.length > 0 ? { messages: messages.map((message) => ({ message: message.encode() })) } : undefined;
  },
  'com.microsoft:schedule-message': (queue, request) => {
    const contents = list(request['messages']).map((entry) => {
      if (!isRecord(entry)) throw badRequest('messages');
      // A copy: the bytes are a window on everything that came with them.
      return parseMessage(Buffer.from(bytes(entry['message'], 'message')));
    });
    return { 'sequence-numbers': longs(queue.send(contents)) };
  },
  'com.microsoft:cancel-scheduled-message': (queue, request) => {
    queue.cancelScheduled(list(request['sequence-numbers']).map(numberFromLong));
    return {};
  },
  'com.microsoft:update-disposition': (queue, request) => {
    for (const token of lockTokens(request)) settleByToken(queue, token, request);
    return {};
  },
  'com.microsoft:renew-session-lock': (queue, request) => ({
    expiration: new Date(queue.renewSessionLock(sessionId(request))),
  }),
  'com.microsoft:get-session-state': (queue, request) => ({ 'session-state': queue.sessionState(sessionId(request)) }),
  'com.microsoft:set-session-state': (queue, request) => {
    const state = request['session-state'] ?? null;
    queue.setSessionState(sessionId(request), state === null ? null : Buffer.from(bytes(state, 'session-state')));
    return {};
  },
};

export function runManagementOperation(name: string, queue: MessageQueue, request: Fields): Fields | undefined {
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (!operation) throw notImplemented(`the operation ${name}`);
  return operation(queue, request);
}

function settleByToken(queue: MessageQueue, token: string, request: Fields): void {
  const properties = plainValues(request['properties-to-modify']);
  const status = request['disposition-status'];
  if (status === 'completed') queue.complete(token);
  else if (status === 'abandoned') queue.abandon(token, properties);
  else if (status === 'suspended') {
    queue.deadLetter(token, {
      reason: optionalText(request['deadletter-reason']),
      description: optionalText(request['deadletter-description']),
      properties,
    });
  } else throw notImplemented(`the disposition ${status}`);
}

function lockTokens(request: Fields): string[] {
  return list(request['lock-tokens']).map((token) => lockTokenFromBytes(bytes(token, 'lock-tokens')));
}

function sessionId(request: Fields): string {
  const id = optionalText(request['session-id']);
  if (id === undefined) throw badRequest('session-id');
  return id;
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw badRequest('a list');
}

function bytes(value: unknown, field: string): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw badRequest(field);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function badRequest(field: string): BrokerError {
  return new BrokerError('amqp:invalid-field', 400, `The request lacks ${field}.`);
}
