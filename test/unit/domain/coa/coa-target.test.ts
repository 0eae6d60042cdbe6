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
