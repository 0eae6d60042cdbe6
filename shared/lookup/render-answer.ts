// The answer in the forms that are asked for most: JSON for anyone, one line of text for FreeRADIUS, short or whole.

import { type Instant, millisecondsBetween } from '../domain/instant.ts';
import type { Decision, Outcome } from '../domain/policy/decision.ts';
import {
  isReplyAttribute,
  type ReplyAttributes,
  textProblem,
  valueProblem,
} from '../domain/policy/reply-attributes.ts';
import type { LookupAnswer } from './answer-lookup.ts';

/** RFC 2865 5.29: when the session's time is over the NAS asks again, instead of cutting it off. */
export const TERMINATION_ACTION = 'RADIUS-Request';

/** The JSON answer; docs/lookup.md describes it field by field. */
export interface JsonAnswer extends Partial<JsonPermit> {
  readonly decision: 'permit' | 'deny';
  readonly sessionTimeoutSeconds?: number;
  readonly terminationAction?: typeof TERMINATION_ACTION;
  /** What would have been answered, were the rule or the site not only observed. */
  readonly observed?: { readonly decision: 'permit' | 'deny' } & Partial<JsonPermit>;
  readonly standing: string;
  readonly compliance?: string;
  readonly managed: boolean;
  readonly registered?: boolean;
  readonly device?: { readonly source: string; readonly id: string; readonly name?: string };
  readonly matchedBy?: { readonly identity: string; readonly assurance: string; readonly origin: string };
  readonly rule: string;
  /** What decided in place of policy, why, and until when. */
  readonly override?: { readonly id: string; readonly reason: string; readonly until: Instant };
  readonly policyVersion: string;
  readonly policyAgeSeconds: number;
  readonly asOf?: Instant;
  readonly ageSeconds?: number;
  readonly source: AnswerSource;
  readonly decisionId: string;
  readonly problems: readonly string[];
}

interface JsonPermit {
  readonly role: string;
  readonly vlan: string;
  readonly acl: string;
  readonly redirectUrl: string;
  readonly attributes: ReplyAttributes;
}

/** Where the state came from: Intune itself, the store, or the store with a mark that it is in doubt. */
export type AnswerSource = 'live' | 'store' | 'stale' | 'held';

export function renderJson({ decision, stored, sessionTimeoutSeconds, policyAgeSeconds }: LookupAnswer): JsonAnswer {
  const { outcome, observed, device, override } = decision;
  const { registrationState } = stored?.device ?? {};
  return {
    decision: outcome.verdict,
    ...permitFields(outcome),
    ...(outcome.verdict === 'permit' && { sessionTimeoutSeconds, terminationAction: TERMINATION_ACTION }),
    ...(observed && { observed: { decision: observed.verdict, ...permitFields(observed) } }),
    standing: decision.standing,
    ...(stored && { compliance: stored.device.complianceState }),
    managed: stored !== undefined,
    ...(registrationState !== undefined && { registered: registrationState.toLowerCase() === 'registered' }),
    ...(device && {
      device: { source: device.source, id: device.id, ...(device.name !== undefined && { name: device.name }) },
      matchedBy: {
        identity: device.identity.kind,
        assurance: device.identity.assurance,
        origin: device.identity.origin,
      },
      asOf: device.asOf,
      ageSeconds: Math.max(0, Math.round(millisecondsBetween(device.asOf, decision.decidedAt) / 1000)),
    }),
    rule: decision.rule,
    ...(override && { override: { id: override.id, reason: override.reason, until: override.until } }),
    policyVersion: decision.policyVersion,
    policyAgeSeconds,
    source: answerSource(decision),
    decisionId: decision.id,
    problems: decision.problems,
  };
}

function answerSource({ device, facts }: Decision): AnswerSource {
  if (device?.live) return 'live';
  if (facts?.marks.includes('held')) return 'held';
  return facts?.marks.includes('stale') ? 'stale' : 'store';
}

function permitFields(outcome: Outcome): Partial<JsonPermit> {
  if (outcome.verdict === 'deny') return {};
  const { verdict, ...fields } = outcome;
  return fields;
}

/**
 * One line without line end, which the FreeRADIUS sample parses with an anchored pattern. Only values that this product
 * chose itself appear in it, never a name from a device, a certificate or a packet.
 */
export function renderText({ decision, sessionTimeoutSeconds }: LookupAnswer): string {
  const { outcome } = decision;
  if (outcome.verdict === 'deny') return 'deny';
  return `permit role=${outcome.role} vlan=${outcome.vlan} timeout=${sessionTimeoutSeconds} class=${decision.id}`;
}

/**
 * The line of `renderText`, and behind it all else that the policy says: `acl=`, `url=` and each attribute by its name,
 * one piece for each value. The FreeRADIUS sample asks for it by `Prefer: answer=whole`. A value is written in letters,
 * digits and `_.:/-`, every other character as `=` and two hexadecimal digits (the quoting of `escape` and `unescape`
 * in FreeRADIUS, RFC 2045 6.7): nothing in it can be a piece of its own, or mean anything to the server. What a policy
 * may not send is left out, as in the answer for rlm_rest.
 */
export function renderWholeText(answer: LookupAnswer): string {
  const { outcome } = answer.decision;
  if (outcome.verdict === 'deny') return renderText(answer);
  const { acl, redirectUrl, attributes = {} } = outcome;
  return [
    renderText(answer),
    ...(acl === undefined || textProblem(acl) ? [] : [piece('acl', acl)]),
    ...(redirectUrl === undefined || textProblem(redirectUrl) ? [] : [piece('url', redirectUrl)]),
    ...Object.entries(attributes).flatMap(([name, values]) =>
      isReplyAttribute(name)
        ? values.filter((value) => !valueProblem(name, value)).map((value) => piece(name, String(value)))
        : [],
    ),
  ].join(' ');
}

function piece(name: string, value: string): string {
  return `${name}=${value.replaceAll(/[^\w.:/-]/g, (sign) => `=${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}
