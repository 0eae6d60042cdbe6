// A policy: ordered named rules, the first that matches decides.

import { factsThatCount } from './certificate-authority.ts';
import type { Condition } from './condition.ts';
import type { Outcome, PolicyResult } from './decision.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { ReplyAttributes } from './reply-attributes.ts';

/**
 * What a role means on the wire: its name (Filter-Id or the vendor's role attribute), its VLAN name or id, and more.
 */
export interface Role {
  readonly name: string;
  readonly vlan: string;
  readonly sessionTimeoutSeconds: number;
  readonly acl?: string;
  /** Where a browser is sent for remediation. */
  readonly redirectUrl?: string;
  readonly attributes?: ReplyAttributes;
}

export interface Rule {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly outcome: { readonly permit: Role } | { readonly reject: true };
  /** Decide and record, but give this role instead: the rule is being tried out. */
  readonly observe?: Role;
}

export interface SiteInPolicy {
  /** As for a rule, for every rule at this site. */
  readonly observe?: Role;
  /** VLANs of roles where the site has its own, by name of the role. */
  readonly vlans: Readonly<Record<string, string>>;
  /** As for the policy, in its place at this site. */
  readonly certificateIssuers?: readonly string[];
}

export interface Policy {
  readonly version: string;
  readonly rules: readonly Rule[];
  readonly sites: Readonly<Record<string, SiteInPolicy>>;
  /** All that it defines, by name; those that no rule names, too. */
  readonly roles?: Readonly<Record<string, Role>>;
  /** Authorities whose certificates may say which device it is; absent where none are declared, and then all count. */
  readonly certificateIssuers?: readonly string[];
}

/** Why a rule did or did not decide. */
export interface RuleTrace {
  readonly rule: string;
  readonly matched: boolean;
  /** Conditions that did not hold; empty for a rule that did, or was not reached. */
  readonly failed: readonly FailedCondition[];
  /** Conditions of a rule that decided although they could not be read: it rejects. */
  readonly unread?: readonly string[];
  /** An earlier rule had decided already. */
  readonly notReached?: true;
}

export interface FailedCondition {
  readonly condition: string;
  readonly wanted: string;
  readonly actual?: string;
  /** The value should be there, and is missing, cut or not understood. */
  readonly unreadable?: true;
}

/** The rule behind a refusal of a station that is not authenticated. */
export const NOT_AUTHENTICATED_RULE = 'deny-not-authenticated';
/** What decides where no rule does; the reader refuses a policy without an explicit last rule. */
const NO_RULE = 'deny-without-rule';
export const RESERVED_RULE_NAMES: readonly string[] = [NOT_AUTHENTICATED_RULE, NO_RULE];

/**
 * First match wins. A station that is not authenticated matches only a rule that says so: a last rule for "everyone
 * else" must not let in a wrong password, and neither must a site that only observes.
 *
 * A condition that cannot be read counts against the station: a rule that rejects takes it as held, a rule that permits
 * as failed. So it neither opens a role nor steps past a rejection.
 */
export function evaluatePolicy(policy: Policy, given: PolicyFacts): PolicyResult {
  const facts = factsThatCount(policy, given);
  const unread = new Set<string>();
  const rule = policy.rules.find((candidate) => {
    const judged = judge(candidate, facts);
    for (const name of judged.unread) unread.add(name);
    return judged.matched;
  });
  const remarks = unread.size > 0 ? { unread: [...unread] } : {};
  if (rule === undefined) {
    const name = facts.standing === 'notAuthenticated' ? NOT_AUTHENTICATED_RULE : NO_RULE;
    return { ...REJECTED, rule: name, policyVersion: policy.version, ...remarks };
  }
  const site = Object.hasOwn(policy.sites, facts.site) ? policy.sites[facts.site] : undefined;
  const decided = 'permit' in rule.outcome ? permit(rule.outcome.permit, site) : REJECTED;
  const instead = facts.standing === 'notAuthenticated' ? undefined : (rule.observe ?? site?.observe);
  return {
    ...(instead === undefined ? decided : permit(instead, site)),
    ...(instead !== undefined && { observed: decided.outcome }),
    rule: rule.name,
    policyVersion: policy.version,
    ...remarks,
  };
}

/** Each rule, in order, and why it did or did not match. */
export function explainPolicy(policy: Policy, given: PolicyFacts): RuleTrace[] {
  const facts = factsThatCount(policy, given);
  let decided = false;
  const traces = policy.rules.map((rule): RuleTrace => {
    if (decided) return { rule: rule.name, matched: false, failed: [], notReached: true };
    const { matched, unread } = judge(rule, facts);
    decided = matched;
    if (matched) return { rule: rule.name, matched, failed: [], ...(unread.length > 0 && { unread }) };
    return { rule: rule.name, matched, failed: failedConditions(rule, facts).map((one) => trace(one, facts)) };
  });
  if (decided) return traces;
  return [...traces, { rule: evaluatePolicy(policy, facts).rule, matched: true, failed: [] }];
}

/** Wanted by every rule that does not speak of compliance itself. */
const AUTHENTICATED: Condition = {
  name: 'compliance',
  wanted: 'anything but notAuthenticated',
  actual: ({ standing }) => standing,
  holds: ({ standing }) => standing !== 'notAuthenticated',
};

interface Judged {
  readonly matched: boolean;
  /** Conditions that could not be read, where all others hold: they decided. */
  readonly unread: readonly string[];
}

const FAILED: Judged = { matched: false, unread: [] };

/** Looks no further than the first condition that fails. */
function judge(rule: Rule, facts: PolicyFacts): Judged {
  if (!AUTHENTICATED.holds(facts) && !speaksOfCompliance(rule)) return FAILED;
  const unread: string[] = [];
  for (const condition of rule.conditions) {
    const holds = condition.holds(facts);
    if (holds === false) return FAILED;
    if (holds === undefined) unread.push(condition.name);
  }
  return { matched: unread.length === 0 || 'reject' in rule.outcome, unread };
}

function failedConditions(rule: Rule, facts: PolicyFacts): Condition[] {
  const failed = rule.conditions.filter((condition) => condition.holds(facts) !== true);
  return AUTHENTICATED.holds(facts) || speaksOfCompliance(rule) ? failed : [AUTHENTICATED, ...failed];
}

function speaksOfCompliance({ conditions }: Rule): boolean {
  return conditions.some(({ name }) => name === AUTHENTICATED.name);
}

/** Whether an answer by this policy may depend on contradictions, which take reads to find. */
export function looksAtContradictions({ rules }: Policy): boolean {
  return rules.some(({ conditions }) => conditions.some(({ name }) => name === 'contradiction'));
}

/**
 * A role or VLAN as the FreeRADIUS sample's anchored pattern accepts it. Any other text could be an attack on the line
 * it stands in, so settings with other characters are refused at start.
 */
export function isRoleOrVlan(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(text);
}

export const REJECTED = { outcome: { verdict: 'deny' }, sessionTimeoutSeconds: 0 } as const;

/** @returns what the role means at the site; `undefined` where the policy defines none of this name */
export function permitByRole(
  { roles = {}, sites }: Policy,
  name: string,
  site: string,
): { outcome: Outcome; sessionTimeoutSeconds: number } | undefined {
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  return role && permit(role, Object.hasOwn(sites, site) ? sites[site] : undefined);
}

function permit(role: Role, site: SiteInPolicy | undefined): { outcome: Outcome; sessionTimeoutSeconds: number } {
  const { name, vlan, sessionTimeoutSeconds, acl, redirectUrl, attributes } = role;
  const ofSite = site !== undefined && Object.hasOwn(site.vlans, name) ? site.vlans[name] : undefined;
  return {
    outcome: {
      verdict: 'permit',
      role: name,
      vlan: ofSite ?? vlan,
      ...(acl !== undefined && { acl }),
      ...(redirectUrl !== undefined && { redirectUrl }),
      ...(attributes && Object.keys(attributes).length > 0 && { attributes }),
    },
    sessionTimeoutSeconds,
  };
}

function trace(condition: Condition, facts: PolicyFacts): FailedCondition {
  const actual = condition.actual(facts);
  return {
    condition: condition.name,
    wanted: condition.wanted,
    ...(actual !== undefined && { actual }),
    ...(condition.holds(facts) === undefined && { unreadable: true }),
  };
}
