// The body of POST /api/accounting: times, attributes and wrong values.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACCOUNTING_STATUSES } from '../../../shared/domain/session/accounting-event.ts';
import { RequestError } from '../../../shared/errors.ts';
import { readAccountingEvent } from '../../../shared/lookup/read-accounting-event.ts';
import { cheapValue } from '../../support/cheap-value.ts';

const NOW = '2026-11-20T11:00:00.123Z';
const NOW_SECONDS = Date.parse('2026-11-20T11:00:00.000Z') / 1000;
const CLASS = '0123456789abcdef0123-m1x2y3';

const read = (body: unknown) => readAccountingEvent(JSON.stringify(body), NOW);

function refusal(body: string): RequestError {
  try {
    readAccountingEvent(body, NOW);
  } catch (thrown) {
    if (thrown instanceof RequestError) return thrown;
    throw thrown;
  }
  throw new Error('the record was accepted');
}

test('a record that its NAS sent again counts from when it sent it first, whatever its own clock says', () => {
  const sentAgain = { status: 'Start', acctSessionId: 'A', eventTime: '1', delayTime: '234' };
  const inTheSpool = { receivedTime: String(NOW_SECONDS - 10), sentTime: String(NOW_SECONDS) };
  expect(read(sentAgain)).toMatchObject({ receivedAt: '2026-11-20T10:56:06.123Z' });
  expect(read({ ...sentAgain, ...inTheSpool })).toMatchObject({ receivedAt: '2026-11-20T10:55:57.123Z' });
});

describe('the attributes', () => {
  const attributes = {
    userName: 'alice',
    callingStationId: 'A0-B1-C2-D3-E4-F5',
    calledStationId: '00-11-22-33-44-55:corp',
    nasIpAddress: '10.1.1.1',
    nasIpv6Address: '2001:db8::1',
    nasIdentifier: 'ap1',
    nasPortId: 'Gi1/0/7',
    nasPortType: 'Ethernet',
    packetSourceIp: '10.1.1.2',
    acctSessionId: '0000000A',
    acctMultiSessionId: 'M-1',
    auditSessionId: '0A01010100000001',
    framedIpAddress: '10.9.9.9',
  };

  test('are taken as they are; unknown ones are left aside', () => {
    expect(read({ ...attributes, status: 'Start', nasPort: '50107', class: CLASS, userPassword: 'secret' })).toEqual({
      ...attributes,
      status: 'Start',
      at: NOW,
      receivedAt: NOW,
      nasPort: 50_107,
      class: CLASS,
    });
  });

  test('that are empty text are absent', () => {
    const empty = Object.fromEntries(Object.keys(attributes).map((name) => [name, '']));
    expect(read({ ...empty, status: 'Stop', nasPort: '', class: '', eventTime: '' })).toEqual({
      status: 'Stop',
      at: NOW,
      receivedAt: NOW,
    });
  });

  test('come back from FreeRADIUS’s one character per byte', () => {
    const userName = Buffer.from('zürich✓', 'utf8').toString('latin1');
    expect(read({ status: 'Start', userName }).userName).toBe('zürich✓');
  });
});

describe('the status', () => {
  test.each(ACCOUNTING_STATUSES)('%s is known in any letter case', (status) => {
    expect(read({ status }).status).toBe(status);
    expect(read({ status: status.toLowerCase() }).status).toBe(status);
  });

  test.each([undefined, '', null, 'Failed', 'toString', 1, ['Start'], { status: 'Start' }])('%j is none', (status) => {
    expect(refusal(JSON.stringify({ status }))).toMatchObject({
      status: 400,
      code: 'NAC_REQUEST_FIELD',
      field: 'status',
    });
  });
});

describe('the time', () => {
  test('is when it happened, not when it was delivered', () => {
    expect(read({ status: 'Start', eventTime: String(NOW_SECONDS - 3600) }).at).toBe('2026-11-20T10:00:00.000Z');
  });

  test('is now when it was not said, or when a clock runs far ahead', () => {
    expect(read({ status: 'Start' }).at).toBe(NOW);
    expect(read({ status: 'Start', eventTime: String(NOW_SECONDS + 3600) }).at).toBe(NOW);
    expect(read({ status: 'Start', eventTime: '9999999999' }).at).toBe(NOW);
  });

  test.each(['yesterday', '-1', '1.5', '0x10', '99999999999999999999', '2026-11-20', ' 1'])(
    '%j is none',
    (eventTime) => {
      expect(refusal(JSON.stringify({ status: 'Start', eventTime }))).toMatchObject({
        status: 400,
        field: 'eventTime',
      });
    },
  );
});

describe('the port', () => {
  test.each(['-1', '1.5', '4294967296', 'Gi1/0/7', '1e3'])('%j is none', (nasPort) => {
    expect(refusal(JSON.stringify({ status: 'Start', nasPort }))).toMatchObject({ status: 400, field: 'nasPort' });
  });

  test.each([
    ['0', 0],
    ['4294967295', 4_294_967_295],
  ])('%j is one', (nasPort, number) => {
    expect(read({ status: 'Start', nasPort }).nasPort).toBe(number);
  });
});

describe('the class', () => {
  test('is read as FreeRADIUS prints it, in hexadecimal octets', () => {
    expect(read({ status: 'Start', class: `0x${Buffer.from(CLASS).toString('hex')}` }).class).toBe(CLASS);
    expect(read({ status: 'Start', class: `0x${Buffer.from(CLASS).toString('hex').toUpperCase()}` }).class).toBe(CLASS);
  });

  test.each(['0x', '0xzz', 'another’s', `${CLASS}'`, `x${CLASS}`, '0x00', '0123456789abcdef0123-', '../../x'])(
    '%j is not ours, and the record counts all the same',
    (text) => {
      expect(read({ status: 'Start', class: text })).toEqual({ status: 'Start', at: NOW, receivedAt: NOW });
    },
  );
});

describe('hostile bodies', () => {
  test.each(['', '{', 'undefined', '<html>'])('%j is not JSON', (body) => {
    expect(refusal(body)).toMatchObject({ status: 400, code: 'NAC_REQUEST_NOT_JSON', field: 'body' });
  });

  test.each(['null', '[]', '"Start"', '7'])('%s is no object', (body) => {
    expect(refusal(body)).toMatchObject({ status: 400, code: 'NAC_REQUEST_FIELD', field: 'body' });
  });

  test.each(['userName', 'nasIpAddress', 'acctSessionId', 'class', 'nasPort', 'eventTime'])(
    '%s must be text within the limit',
    (field) => {
      for (const value of [1, true, ['x'], { x: 1 }, 'x'.repeat(10_000)]) {
        expect(refusal(JSON.stringify({ status: 'Start', [field]: value }))).toMatchObject({ status: 400, field });
      }
    },
  );

  test('a body of a megabyte is too large', () => {
    expect(refusal(JSON.stringify({ status: 'Start', filler: 'x'.repeat(1_000_000) }))).toMatchObject({
      status: 413,
      code: 'NAC_REQUEST_TOO_LARGE',
    });
  });

  test('whatever comes is an event or refused, naming the field', () => {
    const name = fc.constantFrom('status', 'class', 'eventTime', 'nasPort', 'userName', 'nasIpAddress', '__proto__');
    const value = fc.oneof(
      cheapValue,
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(...ACCOUNTING_STATUSES),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 5 }), (entries) => {
        try {
          const event = read({ status: 'Start', ...Object.fromEntries(entries) });
          expect(ACCOUNTING_STATUSES).toContain(event.status);
          expect(new Date(event.at).toISOString()).toBe(event.at);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RequestError);
          expect((thrown as RequestError).field).toEqual(expect.any(String));
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
