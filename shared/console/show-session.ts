// A session as people see it: the answer given, the one wanted, and what accounting proves.

import type { Instant } from '../domain/instant.ts';
import { sameOutcome } from '../domain/policy/decision.ts';
import type { AnswerNow } from '../domain/session/answer-now.ts';
import { placeOf, type Session } from '../domain/session/session.ts';
import { isConnected, lastSignOf } from '../domain/session/session-life.ts';
import type { ShownSession } from '../http/schemas/session.ts';

/** @param wanted what it would be answered now; absent where it was not asked */
export function showSession(session: Session, now: Instant, wanted?: AnswerNow): ShownSession {
  const { id, site, mac, userName, decision, accounting } = session;
  const { device, facts } = decision;
  const proof = proofOf(session);
  return {
    id,
    site,
    ...(mac !== undefined && { mac }),
    ...(userName !== undefined && { userName }),
    ...placeOf(session),
    ...(facts?.ssids && { ssids: facts.ssids }),
    ...(facts?.methods && { methods: facts.methods }),
    ...(device && { device: { source: device.source, id: device.id } }),
    ...(device?.name !== undefined && { deviceName: device.name }),
    live: isConnected(session, now),
    ...(accounting?.since !== undefined && { since: accounting.since }),
    lastSignAt: lastSignOf(session),
    answer: {
      decisionId: decision.id,
      decidedAt: decision.decidedAt,
      outcome: decision.outcome,
      rule: decision.rule,
      policyVersion: decision.policyVersion,
      standing: decision.standing,
    },
    ...(wanted && {
      wanted: {
        outcome: wanted.outcome,
        rule: wanted.rule,
        standing: wanted.standing,
        ...(wanted.override !== undefined && { override: wanted.override }),
      },
      enforced: proof !== 'older-answer' && sameOutcome(decision.outcome, wanted.outcome),
    }),
    proof,
  };
}

/** An older answer with the same outcome proves as much. */
function proofOf({ accounting, answers, decision }: Session): ShownSession['proof'] {
  if (accounting === undefined) return 'no-accounting';
  if (accounting.class === undefined) return 'no-class';
  const carried = answers.find((answer) => answer.decision.id === accounting.class);
  const isSame =
    accounting.class === decision.id || (carried && sameOutcome(carried.decision.outcome, decision.outcome));
  return isSame ? 'proven' : 'older-answer';
}
