// The answer in the two forms that are asked for: JSON for anyone, one line of text for FreeRADIUS.

import { type Instant, millisecondsBetween } from '../domain/instant.ts';
import type { LookupAnswer } from './answer-lookup.ts';

/** The JSON answer; docs/lookup.md describes it field by field. */
export interface JsonAnswer {
  readonly decision: 'permit' | 'deny';
  readonly role?: string;
  readonly vlan?: string;
  readonly sessionTimeoutSeconds?: number;
  readonly standing: string;
  readonly compliance?: string;
  readonly managed: boolean;
  readonly device?: { readonly source: string; readonly id: string; readonly name?: string };
  readonly matchedBy?: { readonly identity: string; readonly assurance: string; readonly origin: string };
  readonly rule: string;
  readonly policyVersion: string;
  readonly asOf?: Instant;
  readonly ageSeconds?: number;
  readonly source: 'store';
  readonly decisionId: string;
  readonly problems: readonly string[];
}

export function renderJson({ decision, stored, sessionTimeoutSeconds }: LookupAnswer): JsonAnswer {
  const { outcome, device } = decision;
  return {
    decision: outcome.verdict,
    ...(outcome.verdict === 'permit' && { role: outcome.role, vlan: outcome.vlan, sessionTimeoutSeconds }),
    standing: decision.standing,
    ...(stored && { compliance: stored.device.complianceState }),
    managed: stored !== undefined,
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
    policyVersion: decision.policyVersion,
    source: 'store',
    decisionId: decision.id,
    problems: decision.problems,
  };
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
