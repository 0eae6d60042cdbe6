// What a ticket should hold of a decision.

import type { ExplainedDecision } from '../../api/answers.ts';
import { type TicketLines, ticketMoment } from '../../components/copy-for-ticket.tsx';
import { writeMac } from '../../components/mac-forms.ts';
import { macForm } from '../../shell/preferences.ts';
import { assuranceOf, deviceOf, macOf, nasOf, placeOf, userOf } from './decision-columns.ts';
import { reasonSentence } from './reason-sentence.ts';

export function decisionTicket(row: ExplainedDecision): TicketLines {
  const { decision, site, method } = row;
  const mac = macOf(row);
  return [
    ['Time', ticketMoment(decision.decidedAt)],
    ['User', userOf(row)],
    ['Device', deviceOf(row)],
    ['Device id', decision.device?.id],
    ['MAC address', mac === '' ? undefined : writeMac(mac, macForm.value)],
    ['Site', site],
    ['NAS', nasOf(row)],
    ['Port or SSID', placeOf(row)],
    ['Method', decision.facts?.methods?.join(', ') ?? method],
    ['Assurance', assuranceOf(row)],
    ['Rule', `${decision.rule} (policy ${decision.policyVersion})`],
    ['Reason', reasonSentence(row)],
    ['Decision', decision.id],
  ];
}
