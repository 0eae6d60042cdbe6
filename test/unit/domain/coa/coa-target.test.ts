// How the NAS knows the session that a CoA is about.

import { expect, test } from 'vitest';
import { coaTargetOf } from '../../../../shared/domain/coa/coa-target.ts';
import { answerOf } from '../../../../shared/domain/session/session.ts';
import { aDecision, aSession } from '../../../support/a-session.ts';

test('a CoA about an older answer names the session that the newest question named', () => {
  const older = aSession({ acctSessionId: 'A-1', decision: aDecision({ decidedAt: '2026-11-20T10:00:00.000Z' }) });
  const newest = aSession({
    credential: 'ba5eba11',
    acctSessionId: 'A-2',
    decision: aDecision({ decidedAt: '2026-11-20T10:02:00.000Z' }),
  });
  const session = { ...older, answers: [answerOf(newest), answerOf(older)] };
  expect(coaTargetOf(session).session).toMatchObject({ acctSessionId: 'A-2', nasPortId: 'Gi1/0/7' });

  const accounting = { status: 'started', at: '2026-11-20T10:01:00.000Z', acctSessionId: 'A-1', nas: {} } as const;
  const heardBefore = { ...session, accounting: { ...accounting, coa: { acctSessionId: 'A-1' } } };
  expect(coaTargetOf(heardBefore).session.acctSessionId).toBe('A-2');
});

test.each([
  ['that has stopped', { status: 'stopped' as const }, {}],
  ['that its NAS has lost', { status: 'started' as const }, { nasRestartedAt: '2026-11-20T09:59:30.000Z' }],
])('a CoA does not name a session %s before the station asked', (_what, said, more) => {
  const names = { acctSessionId: 'A-1', auditSessionId: '0A0101010000000A', framedIpAddress: '10.9.0.7' };
  const heard = { at: '2026-11-20T09:59:00.000Z', nas: { nasIpAddress: '10.1.1.1' }, acctSessionId: 'A-1' };
  const { acctSessionId: _, ...asked } = aSession(more);
  const session = { ...asked, accounting: { ...said, ...heard, coa: { ...names, nasPortId: 'Gi1/0/7' } } };
  const target = coaTargetOf({ ...session, answers: [answerOf(session)] });
  expect(Object.keys(target.session).sort()).toEqual(['callingStationId', 'nasPortId', 'userName']);
});
