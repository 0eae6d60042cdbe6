// The answer as FreeRADIUS' rlm_rest decodes it into attributes by itself.
//
// rlm_rest expands every value that does not say `do_xlat: false` (v3.2, rest.c): a device called %{exec:…} would run a
// program on the RADIUS server. So every value says so, no name of a device, user or certificate is among them, and the
// attributes are those this file and the policy's allow-list name.

import { REPLY_ATTRIBUTES } from '../domain/policy/reply-attributes.ts';
import type { LookupAnswer } from './answer-lookup.ts';
import { TERMINATION_ACTION } from './render-answer.ts';

export interface RlmRestValue {
  readonly op: ':=';
  readonly do_xlat: false;
  readonly value: string | number | readonly (string | number)[];
}

/** By `<list>:<attribute>`, with `:<tag>` for the tagged attributes of RFC 2868. */
export type RlmRestAnswer = Readonly<Record<string, RlmRestValue>>;

/** A deny says no more than that: what it means is up to the server, which must require a permit. */
export function renderRlmRest({ decision, sessionTimeoutSeconds }: LookupAnswer): RlmRestAnswer {
  const { outcome } = decision;
  if (outcome.verdict === 'deny') return { 'control:NAC-Decision': literal('deny') };
  const { role, vlan, acl, redirectUrl, attributes = {} } = outcome;
  const answer: Record<string, RlmRestValue> = {
    'control:NAC-Decision': literal('permit'),
    'control:NAC-Role': literal(role),
    'control:NAC-Vlan': literal(vlan),
    ...(acl !== undefined && { 'control:NAC-Acl': literal(acl) }),
    ...(redirectUrl !== undefined && { 'control:NAC-Redirect-Url': literal(redirectUrl) }),
    // RFC 3580 3.31: Tunnel-Type VLAN (13), Tunnel-Medium-Type 802 (6), Tunnel-Private-Group-ID the VLAN.
    'reply:Tunnel-Type:0': literal('VLAN'),
    'reply:Tunnel-Medium-Type:0': literal('IEEE-802'),
    'reply:Tunnel-Private-Group-Id:0': literal(vlan),
    'reply:Filter-Id': literal(role),
    'reply:Session-Timeout': literal(sessionTimeoutSeconds),
    'reply:Termination-Action': literal(TERMINATION_ACTION),
    'reply:Class': literal(decision.id),
  };
  for (const [name, values] of Object.entries(attributes)) {
    if (Object.hasOwn(REPLY_ATTRIBUTES, name)) answer[`reply:${name}`] = literal(values);
  }
  return answer;
}

function literal(value: RlmRestValue['value']): RlmRestValue {
  return { op: ':=', do_xlat: false, value };
}
