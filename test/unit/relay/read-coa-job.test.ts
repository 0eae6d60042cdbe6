// Messages of the jobs queue: right ones, and anything else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCoaJob } from '../../../relay/read-coa-job.ts';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';

const JOB: CoaJob = {
  id: 'intune|1-v7|session',
  attempt: 2,
  site: 'hq',
  action: 'reauthenticate',
  session: { userName: 'alice', callingStationId: '02-00-00-00-00-01', nasPort: 50101, framedIpAddress: '192.0.2.77' },
  nas: { nasIpAddress: '192.0.2.10', nasIpv6Address: '2001:db8::1', packetSourceIp: '2001:db8::2' },
  decidedAt: '2026-11-20T12:00:00.000Z',
  expiresAt: '2026-11-20T12:05:00.000Z',
};

test('a right job comes back as it is, without what is not known', () => {
  expect(readCoaJob({ ...JOB, secret: 'x', session: { ...JOB.session, more: 1 } }, 'hq')).toEqual({
    ok: true,
    job: JOB,
  });
});

test.each<[string, unknown]>([
  ['body', null],
  ['body', 'text'],
  ['body', [JOB]],
  ['body', Buffer.from('{}')],
  ['id', { ...JOB, id: 'a\nb' }],
  ['id', { ...JOB, id: 'x'.repeat(101) }],
  ['id', { ...JOB, id: 7 }],
  ['attempt', { ...JOB, attempt: 0 }],
  ['attempt', { ...JOB, attempt: '1' }],
  ['site', { ...JOB, site: 'elsewhere' }],
  ['action', { ...JOB, action: 'reboot' }],
  ['decidedAt', { ...JOB, decidedAt: 'yesterday' }],
  ['expiresAt', { ...JOB, expiresAt: '2026-13-45T12:00:00Z' }],
  ['session', { ...JOB, session: undefined }],
  ['session.userName', { ...JOB, session: { userName: 'ü'.repeat(127) } }],
  ['session.acctSessionId', { ...JOB, session: { acctSessionId: '\u0000' } }],
  ['session.nasPort', { ...JOB, session: { nasPort: -1 } }],
  ['session.framedIpAddress', { ...JOB, session: { framedIpAddress: '::1' } }],
  ['nas', { ...JOB, nas: 'switch' }],
  ['nas.nasIpAddress', { ...JOB, nas: { nasIpAddress: 'localhost' } }],
  ['nas.packetSourceIp', { ...JOB, nas: { packetSourceIp: {} } }],
])('names %s of %o', (field, body) => {
  const reading = readCoaJob(body, 'hq');
  if (reading.ok) throw new Error('It is wrong.');
  expect(reading.problems.join(' ')).toContain(field);
});

test('never throws, and what it takes has every field', () => {
  const any = fc.anything({ withNullPrototype: true, withTypedArray: true, withBigInt: true });
  const near = fc.record({
    ...Object.fromEntries(Object.entries(JOB).map(([key, value]) => [key, fc.oneof(fc.constant(value), any)])),
  });
  fc.assert(
    fc.property(fc.oneof(any, near), (body) => {
      const reading = readCoaJob(body, 'hq');
      if (reading.ok) expect(Object.keys(reading.job)).toEqual(expect.arrayContaining(Object.keys(JOB)));
      else expect(reading.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 10_000 },
  );
});
