// Turns the end of an exchange with a NAS into the part of a report that says how it went and what to do.

import type { CoaReport } from '../../shared/domain/coa-job.ts';
import type { CoaSendResult, CoaTarget, CoaUnanswered } from './coa-sender.ts';
import { errorCauseHint } from './error-cause.ts';

export type SendReport = Required<Pick<CoaReport, 'outcome' | 'transmissions'>> &
  Pick<CoaReport, 'errorCause' | 'discarded' | 'hint'>;

type HintTarget = Pick<CoaTarget, 'address' | 'port' | 'messageAuthenticator' | 'eventTimestamp'>;

/**
 * A NAK stays `refused` whatever its cause: what follows is for the cloud to say (shared/domain/coa/advance-job.ts).
 */
export function reportSendResult(result: CoaSendResult, target: HintTarget): SendReport {
  const { transmissions, discarded } = result;
  const common = { transmissions, ...(Object.keys(discarded).length === 0 ? {} : { discarded }) };
  if (result.kind === 'no-answer') return { outcome: 'no-answer', ...common, hint: silenceHint(result, target) };

  const cause = result.errorCause === undefined ? {} : { errorCause: result.errorCause };
  if (result.kind === 'ack') return { outcome: 'acknowledged', ...common, ...cause };
  const hint =
    result.errorCause === undefined
      ? 'The NAS refused without Error-Cause: look into its log.'
      : errorCauseHint(result.errorCause.code);
  return { outcome: 'refused', ...common, ...cause, hint };
}

const LOCAL_ERROR_HINTS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'The source address set for this NAS is not an address of the relay.',
  ENETUNREACH: 'The relay has no route to the NAS.',
  EHOSTUNREACH: 'The relay has no route to the NAS.',
  EPERM: 'A firewall on the relay itself forbids the packet.',
  EACCES: 'The system does not let the relay send there: a broadcast address, or a firewall on the relay itself.',
};

function silenceHint({ discarded, localError }: CoaUnanswered, target: HintTarget): string {
  if (discarded['message-authenticator']) {
    return 'The NAS answers with the right secret but signs Message-Authenticator wrongly: update it, or set legacyZeroMessageAuthenticator for this NAS.';
  }
  if (discarded['source']) {
    return 'The NAS answers, but from another address or port than it was asked at: give this NAS the address it answers from, or fix the source interface on the NAS; look for address translation in between.';
  }
  if (discarded['authenticator']) {
    return 'Answers came, but not signed with the secret of this NAS: enter the same shared secret on the relay and on the NAS. If it is the same, another machine forges answers.';
  }
  if (discarded['identifier'] || discarded['too-short']) {
    return `Something answers at ${place(target)}, but not what was asked: answers to other requests, or empty packets. Check that no proxy or address translation sits in between, and that a NAS with dynamic authorization listens there.`;
  }
  if (Object.keys(discarded).length > 0) {
    return `Only malformed or unrelated packets came from the address of this NAS: check that a NAS with dynamic authorization listens at ${place(target)}.`;
  }
  if (localError !== undefined) {
    return LOCAL_ERROR_HINTS[localError] ?? `The system of the relay refused to send (${localError}).`;
  }
  return [
    `Nothing came back from ${place(target)}, as with a wrong secret, which a NAS never answers.`,
    'Check the address and port (Cisco and Meraki: 1700, others: 3799), that the NAS lists the relay as dynamic authorization client with the same shared secret, and that no firewall drops UDP.',
    target.eventTimestamp === false
      ? 'Event-Timestamp is switched off for this NAS: it may require it.'
      : 'The clocks of NAS and relay may differ by 300 seconds at most.',
    ...(target.messageAuthenticator === false
      ? ['Message-Authenticator is switched off for this NAS: it may require it.']
      : []),
  ].join(' ');
}

function place({ address, port }: HintTarget): string {
  return `${address} UDP port ${port}`;
}
