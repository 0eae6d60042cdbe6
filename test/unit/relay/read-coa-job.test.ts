import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCoaJob } from '../../../relay/read-coa-job.ts';
import type { CoaJob } from '../../../shared/domain/coa-job.ts';

const job: CoaJob = {
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
  expect(readCoaJob({ ...job, secret: 'x', session: { ...job.session, more: 1 } }, 'hq')).toEqual({ ok: true, job });
});

test.each<[string, unknown]>([
  ['body', null],
  ['body', 'text'],
  ['body', [job]],
  ['body', Buffer.from('{}')],
  ['id', { ...job, id: 'a\nb' }],
  ['id', { ...job, id: 'x'.repeat(101) }],
  ['id', { ...job, id: 7 }],
  ['attempt', { ...job, attempt: 0 }],
  ['attempt', { ...job, attempt: '1' }],
  ['site', { ...job, site: 'elsewhere' }],
  ['action', { ...job, action: 'reboot' }],
  ['decidedAt', { ...job, decidedAt: 'yesterday' }],
  ['expiresAt', { ...job, expiresAt: '2026-13-45T12:00:00Z' }],
  ['session', { ...job, session: undefined }],
  ['session.userName', { ...job, session: { userName: 'ü'.repeat(127) } }],
  ['session.acctSessionId', { ...job, session: { acctSessionId: '\u0000' } }],
  ['session.nasPort', { ...job, session: { nasPort: -1 } }],
  ['session.framedIpAddress', { ...job, session: { framedIpAddress: '::1' } }],
  ['nas', { ...job, nas: 'switch' }],
  ['nas.nasIpAddress', { ...job, nas: { nasIpAddress: 'localhost' } }],
  ['nas.packetSourceIp', { ...job, nas: { packetSourceIp: {} } }],
])('names %s of %o', (field, body) => {
  const reading = readCoaJob(body, 'hq');
  if (reading.ok) throw new Error('It is wrong.');
  expect(reading.problems.join(' ')).toContain(field);
});

test('never throws, and what it takes has every field', () => {
  const any = fc.anything({ withNullPrototype: true, withTypedArray: true, withBigInt: true });
  const near = fc.record({
    ...Object.fromEntries(Object.entries(job).map(([key, value]) => [key, fc.oneof(fc.constant(value), any)])),
  });
  fc.assert(
    fc.property(fc.oneof(any, near), (body) => {
      const reading = readCoaJob(body, 'hq');
      if (reading.ok) expect(Object.keys(reading.job)).toEqual(expect.arrayContaining(Object.keys(job)));
      else expect(reading.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 10_000 },
  );
});
