// Why a station got its answer, in one sentence for a ticket.

import type { DecisionRecord } from '../../api/answers.ts';
import { spaced } from '../../components/status-words.ts';
import { writeSpan } from '../../components/times.ts';
import { ageSecondsOf, answerOf } from './decision-columns.ts';

/** `deny by the rule "guest": the device is noncompliant, as intune said 4 min before.` */
export function reasonSentence(row: DecisionRecord): string {
  const { decision } = row;
  const by =
    decision.override === undefined
      ? `by the rule "${decision.rule}"`
      : `by the override ${decision.override.id} (${decision.override.reason})`;
  return `${answerOf(row)} ${by}: ${because(row)}.`;
}

function because(row: DecisionRecord): string {
  const { standing, device } = row.decision;
  const without = WITHOUT_DEVICE[standing];
  if (device === undefined) return without ?? `the standing is ${spaced(standing)}, and no device was found`;
  const age = ageSecondsOf(row) ?? 0;
  const said = `as ${device.source} said ${age < 1 ? 'at that moment' : `${writeSpan(age * 1_000)} before`}`;
  return without ?? `the device is ${spaced(standing)}, ${said}`;
}

const WITHOUT_DEVICE: Readonly<Record<string, string>> = {
  notEnrolled: 'no source knows a device with what the station presented',
  ambiguous: 'several devices hold the same identity, so it identifies none of them',
  unidentified: 'the station presented nothing that identifies a device',
  notAuthenticated: 'the site authenticated neither a user nor a device',
};
