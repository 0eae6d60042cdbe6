// The rules of a queue with a clock of their own: what a message goes through, to the millisecond.
import { describe, expect, test } from 'vitest';
import { aMessage, brokerFixture, recordingConsumer, START } from './broker-fixture.ts';

const MINUTE = 60_000;

function ids(consumer: ReturnType<typeof recordingConsumer>): string[] {
  return consumer.received.map(({ id }) => id);
}

function tokenOf(consumer: ReturnType<typeof recordingConsumer>, index: number): string {
  return consumer.received[index]?.token ?? 'none';
}

describe('delivery', () => {
  test('happens only once the lock is safe, and by credit', () => {
    const { queue, commit } = brokerFixture();
    const consumer = recordingConsumer(2);
    queue.addConsumer(consumer);
    queue.send(['a', 'b', 'c'].map((id) => aMessage(id)));
    expect(ids(consumer)).toEqual([]);
    commit();
    expect(ids(consumer)).toEqual(['a', 'b']);
  });

  test('takes turns among receivers', () => {
    const { queue, commit } = brokerFixture();
    const consumers = [recordingConsumer(5), recordingConsumer(1), recordingConsumer(5)];
    for (const consumer of consumers) queue.addConsumer(consumer);
    queue.send(['1', '2', '3', '4', '5', '6'].map((id) => aMessage(id)));
    commit();
    expect(consumers.map((consumer) => consumer.received.length).toSorted()).toEqual([1, 2, 3]);
  });

  test('that fails because the receiver is gone counts no attempt', () => {
    const { queue, commit } = brokerFixture();
    const gone = recordingConsumer(1);
    queue.addConsumer(gone);
    queue.send([aMessage('a')]);
    gone.gone = true;
    queue.removeConsumer(gone);
    const next = recordingConsumer(1);
    queue.addConsumer(next);
    commit();
    expect(next.received).toMatchObject([{ id: 'a', attempts: 0 }]);
  });

  test('of an abandoned message comes before later ones', () => {
    const { queue, commit } = brokerFixture();
    const consumer = recordingConsumer(1);
    queue.addConsumer(consumer);
    queue.send(['a', 'b'].map((id) => aMessage(id)));
    commit();
    queue.abandon(tokenOf(consumer, 0));
    const next = recordingConsumer(2);
    queue.addConsumer(next);
    queue.resume(next);
    commit();
    expect(next.received).toMatchObject([
      { id: 'a', attempts: 1 },
      { id: 'b', attempts: 0 },
    ]);
  });
});

describe('locks', () => {
  test('last exactly as long as the queue says, and the lost one settles nothing', () => {
    const { queue, advance } = brokerFixture({ lockDurationMs: MINUTE });
    const consumer = recordingConsumer(2);
    queue.addConsumer(consumer);
    queue.send([aMessage('a')]);
    advance(MINUTE - 1);
    expect(consumer.received).toHaveLength(1);
    advance(1);
    expect(consumer.received).toMatchObject([{ attempts: 0 }, { attempts: 1 }]);
    const lost = tokenOf(consumer, 0);
    const lockLost = expect.objectContaining({ condition: 'com.microsoft:message-lock-lost' });
    expect(() => queue.complete(lost)).toThrow(lockLost);
    expect(() => queue.abandon(lost)).toThrow(lockLost);
    expect(() => queue.deadLetter(lost, {})).toThrow(lockLost);
    expect(() => queue.renewLock(lost)).toThrow(lockLost);
    queue.complete(tokenOf(consumer, 1));
    expect(queue.peek(0, 10)).toEqual([]);
  });

  test('start again when renewed', () => {
    const { queue, advance, now } = brokerFixture({ lockDurationMs: MINUTE });
    const consumer = recordingConsumer(2);
    queue.addConsumer(consumer);
    queue.send([aMessage('a')]);
    for (let minute = 0; minute < 10; minute++) {
      advance(MINUTE - 1);
      expect(queue.renewLock(tokenOf(consumer, 0))).toBe(now() + MINUTE);
    }
    expect(consumer.received).toHaveLength(1);
    advance(MINUTE);
    expect(consumer.received).toHaveLength(2);
  });

  test('lost too often end in the dead-letter queue', () => {
    const { queue, deadLetters, advance } = brokerFixture({ lockDurationMs: MINUTE, maxDeliveryCount: 3 });
    const consumer = recordingConsumer(10);
    queue.addConsumer(consumer);
    queue.send([aMessage('a')]);
    advance(10 * MINUTE);
    expect(consumer.received.map(({ attempts }) => attempts)).toEqual([0, 1, 2]);
    expect(queue.peek(0, 10)).toEqual([]);
    expect(deadLetters.peek(0, 10)).toMatchObject([{ messageId: 'a', sequenceNumber: 1, attempts: 3 }]);
  });
});

describe('time to live', () => {
  test('the shorter one of message and queue counts', () => {
    const { queue, deadLetters, advance } = brokerFixture({ defaultTtlMs: MINUTE, deadLetterOnExpiry: true });
    queue.send([aMessage('short', { timeToLiveMs: 1000 }), aMessage('long', { timeToLiveMs: 10 * MINUTE })]);
    advance(999);
    expect(deadLetters.peek(0, 10)).toEqual([]);
    advance(1);
    expect(deadLetters.peek(0, 10)).toMatchObject([{ messageId: 'short' }]);
    advance(MINUTE);
    expect(queue.peek(0, 10)).toEqual([]);
    expect(deadLetters.peek(0, 10)).toHaveLength(2);
    advance(100 * MINUTE);
    expect(deadLetters.peek(0, 10)).toHaveLength(2);
  });

  test('does not reach a locked message before its lock ends', () => {
    const { queue, deadLetters, advance } = brokerFixture({ lockDurationMs: MINUTE, deadLetterOnExpiry: true });
    const consumer = recordingConsumer(5);
    queue.addConsumer(consumer);
    queue.send([aMessage('a', { timeToLiveMs: 1000 })]);
    advance(MINUTE - 1);
    expect(deadLetters.peek(0, 10)).toEqual([]);
    advance(1);
    expect(consumer.received).toHaveLength(1);
    expect(deadLetters.peek(0, 10)).toMatchObject([{ messageId: 'a' }]);
  });

  test('of a scheduled message starts when it is due', () => {
    const { queue, advance } = brokerFixture();
    queue.send([aMessage('a', { scheduledFor: START + MINUTE, timeToLiveMs: 1000 })]);
    advance(MINUTE + 999);
    expect(queue.peek(0, 10)).toHaveLength(1);
    advance(1);
    expect(queue.peek(0, 10)).toEqual([]);
  });
});

describe('scheduled messages', () => {
  test('join the line when they are due, with a new number', () => {
    const { queue, advance } = brokerFixture({ lockDurationMs: 10 * MINUTE });
    const consumer = recordingConsumer(5);
    queue.addConsumer(consumer);
    const late = { scheduledFor: START + MINUTE };
    expect(queue.send([aMessage('first due', late), aMessage('second due', late), aMessage('now')])).toEqual([1, 2, 3]);
    advance(MINUTE - 1);
    expect(ids(consumer)).toEqual(['now']);
    advance(1);
    expect(ids(consumer)).toEqual(['now', 'first due', 'second due']);
    expect(consumer.received.map(({ sequenceNumber }) => sequenceNumber)).toEqual([3, 4, 5]);
  });

  test('are cancelled all or none', () => {
    const { queue, advance } = brokerFixture();
    const late = { scheduledFor: START + MINUTE };
    const [kept = 0] = queue.send([aMessage('a', late)]);
    const notFound = expect.objectContaining({ condition: 'com.microsoft:message-not-found' });
    expect(() => queue.cancelScheduled([kept, 99])).toThrow(notFound);
    expect(queue.peek(0, 10)).toHaveLength(1);
    queue.cancelScheduled([kept]);
    advance(2 * MINUTE);
    expect(queue.peek(0, 10)).toEqual([]);
  });
});

describe('duplicate detection', () => {
  test('ends with the window, which a duplicate does not prolong', () => {
    const { queue, advance } = brokerFixture({ duplicateDetectionWindowMs: MINUTE });
    expect(queue.send([aMessage('a')])).toEqual([1]);
    advance(MINUTE - 1);
    expect(queue.send([aMessage('a'), aMessage('b')])).toEqual([0, 2]);
    advance(1);
    expect(queue.send([aMessage('a'), aMessage('b')])).toEqual([3, 0]);
  });
});

test('a list with one bad message enqueues none', () => {
  const { queue } = brokerFixture({ requiresSession: true });
  expect(() => queue.send([aMessage('a', { sessionId: 's' }), aMessage('b')])).toThrow(/SessionId/);
  expect(queue.peek(0, 10)).toEqual([]);
});

test('a property of a kind that cannot be kept leaves the message as it was', () => {
  const { queue, commit } = brokerFixture();
  const consumer = recordingConsumer(1);
  queue.addConsumer(consumer);
  queue.send([aMessage('a')]);
  commit();
  expect(() => queue.deadLetter(tokenOf(consumer, 0), { properties: { bad: {} } })).toThrow();
  queue.complete(tokenOf(consumer, 0));
  expect(queue.peek(0, 10)).toEqual([]);
});

describe('sessions', () => {
  const accept = (
    fixture: ReturnType<typeof brokerFixture>,
    sessionId: string | null,
    credit = 10,
    timeoutMs = MINUTE,
  ) => {
    const consumer = recordingConsumer(credit);
    const answers: string[] = [];
    fixture.queue.acceptSession(sessionId, consumer, timeoutMs, {
      accepted({ id }) {
        answers.push(id);
        fixture.queue.resume(consumer);
      },
      refused: ({ message }) => answers.push(message),
    });
    fixture.commit();
    return { consumer, answers };
  };

  test('come in the order in which they became available', () => {
    const fixture = brokerFixture({ requiresSession: true });
    fixture.queue.send(['s2', 's1', 's2', 's3'].map((sessionId, index) => aMessage(`${index}`, { sessionId })));
    const accepted = [accept(fixture, null), accept(fixture, null), accept(fixture, null)];
    expect(accepted.map(({ answers }) => answers)).toEqual([['s2'], ['s1'], ['s3']]);
    expect(accepted.map(({ consumer }) => ids(consumer))).toEqual([['0', '2'], ['1'], ['3']]);
  });

  test('are waited for in line, for as long as was asked', () => {
    const fixture = brokerFixture({ requiresSession: true });
    const brief = accept(fixture, null, 10, 1000);
    const patient = accept(fixture, null);
    fixture.advance(999);
    expect(brief.answers).toEqual([]);
    fixture.advance(1);
    expect(brief.answers).toEqual([expect.stringContaining('in time')]);
    fixture.queue.send([aMessage('a', { sessionId: 's' })]);
    fixture.commit();
    expect(patient.answers).toEqual(['s']);
    expect(ids(patient.consumer)).toEqual(['a']);
  });

  test('that are lost go whole and in order to the next receiver', () => {
    const fixture = brokerFixture({ requiresSession: true, lockDurationMs: MINUTE });
    fixture.queue.send(['a', 'b', 'c', 'd'].map((id) => aMessage(id, { sessionId: 's' })));
    const first = accept(fixture, 's', 3);
    const second = accept(fixture, null);
    expect(ids(first.consumer)).toEqual(['a', 'b', 'c']);
    fixture.queue.complete(tokenOf(first.consumer, 0));
    fixture.advance(MINUTE);
    expect(first.consumer.detached).toMatchObject([{ condition: 'com.microsoft:session-lock-lost' }]);
    expect(second.answers).toEqual(['s']);
    expect(second.consumer.received).toMatchObject([
      { id: 'b', attempts: 1 },
      { id: 'c', attempts: 1 },
      { id: 'd', attempts: 0 },
    ]);
    expect(() => fixture.queue.complete(tokenOf(first.consumer, 1))).toThrow(/lock/);
  });

  test('given back count no attempt', () => {
    const fixture = brokerFixture({ requiresSession: true });
    fixture.queue.send([aMessage('a', { sessionId: 's' })]);
    const first = accept(fixture, 's');
    fixture.queue.removeConsumer(first.consumer);
    const second = accept(fixture, 's');
    expect(second.consumer.received).toMatchObject([{ id: 'a', attempts: 0 }]);
  });

  test('renew the locks of all their messages', () => {
    const fixture = brokerFixture({ requiresSession: true, lockDurationMs: MINUTE });
    fixture.queue.send([aMessage('a', { sessionId: 's' })]);
    const { consumer } = accept(fixture, 's');
    fixture.advance(MINUTE - 1);
    fixture.queue.renewSessionLock('s');
    fixture.advance(MINUTE - 1);
    fixture.queue.complete(tokenOf(consumer, 0));
    expect(consumer.detached).toEqual([]);
  });

  test('need a holder for their state', () => {
    const fixture = brokerFixture({ requiresSession: true });
    expect(() => fixture.queue.setSessionState('s', Buffer.from('x'))).toThrow(/session lock/);
    const { consumer } = accept(fixture, 's');
    fixture.queue.setSessionState('s', Buffer.from('x'));
    fixture.queue.removeConsumer(consumer);
    expect(() => fixture.queue.sessionState('s')).toThrow(/session lock/);
    accept(fixture, 's');
    expect(fixture.queue.sessionState('s')).toEqual(Buffer.from('x'));
  });
});
