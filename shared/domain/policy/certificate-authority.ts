// Which names count: those in a certificate by the authority of its issuer, a computer account by that of its domain.

import { distinguishedNameMatches } from '../distinguished-name.ts';
import type { IdentityProblem, IdentityRules } from '../identity/presented-identities.ts';
import type { PolicyFacts } from './policy-facts.ts';

/** What a policy declares: for a site, else for all; absent where nothing is declared. */
export interface DeclaredIssuers {
  readonly certificateIssuers?: readonly string[];
  readonly sites: Readonly<Record<string, { readonly certificateIssuers?: readonly string[] }>>;
}

/**
 * Whether what the certificate says may count; `undeclared` where policy names no issuers. Absent without certificate.
 */
export function certificateAuthority(
  policy: DeclaredIssuers,
  { site, certificateIssuer }: PolicyFacts,
): 'known' | 'unknown' | 'undeclared' | undefined {
  if (certificateIssuer === undefined) return undefined;
  const ofSite = Object.hasOwn(policy.sites, site) ? policy.sites[site]?.certificateIssuers : undefined;
  const issuers = ofSite ?? policy.certificateIssuers;
  if (issuers === undefined) return 'undeclared';
  return issuers.some((issuer) => distinguishedNameMatches(issuer, certificateIssuer)) ? 'known' : 'unknown';
}

/** The facts that count: of a certificate by an unknown issuer no identity does, as if it named none. */
export function factsThatCount(policy: DeclaredIssuers, facts: PolicyFacts): PolicyFacts {
  if (certificateAuthority(policy, facts) !== 'unknown' || facts.standing === 'notAuthenticated') return facts;
  const {
    assurance: _,
    asOf: _asOf,
    device: _device,
    source: _source,
    sourceReachable: _reachable,
    records: _records,
    ...question
  } = facts;
  return { ...question, standing: 'unidentified', marks: [], contradictions: [] };
}

/**
 * That no issuers, or no domains, are declared is worth a remark where a certificate, or a computer account, led to a
 * device: there it counts.
 */
export function authorityProblems(
  policy: DeclaredIssuers,
  facts: PolicyFacts,
  { computerDomains }: IdentityRules,
): IdentityProblem[] {
  const authority = certificateAuthority(policy, facts);
  if (authority === 'unknown') return ['certificate-issuer-unknown'];
  if (authority === 'undeclared' && facts.assurance !== undefined) return ['certificate-issuer-undeclared'];
  const isByAccount = facts.assurance === 'computer-account' && computerDomains === undefined;
  return isByAccount ? ['computer-domain-undeclared'] : [];
}
