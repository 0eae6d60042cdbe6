// A policy: ordered named rules, the first that matches decides.

import type { Outcome, PolicyResult } from './decision.ts';
import type { Condition } from './policy-condition.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { ReplyAttributes } from './reply-attributes.ts';

/** What a role means on the wire: its name (Filter-Id or the vendor's role attribute), its VLAN name or id, and more. */
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
}

export interface Policy {
  readonly version: string;
  readonly rules: readonly Rule[];
  readonly sites: Readonly<Record<string, SiteInPolicy>>;
}

/** Why a rule did or did not decide. */
export interface RuleTrace {
  readonly rule: string;
  readonly matched: boolean;
  /** Conditions that did not hold; empty for a rule that did, or was not reached. */
  readonly failed: readonly { readonly condition: string; readonly wanted: string; readonly actual?: string }[];
  /** An earlier rule had decided already. */
  readonly notReached?: true;
}

/** The rule behind a refusal of whom nobody authenticated. */
export const NOT_AUTHENTICATED_RULE = 'deny-not-authenticated';
/** What decides where no rule does; the reader refuses a policy without an explicit last rule. */
const NO_RULE = 'deny-without-rule';
export const RESERVED_RULE_NAMES: readonly string[] = [NOT_AUTHENTICATED_RULE, NO_RULE];

/**
 * First match wins. Whom nobody authenticated matches only a rule that says so: a last rule for "everyone else" must not
 * let in a wrong password, and neither must a site that only observes.
 */
export function evaluatePolicy(policy: Policy, facts: PolicyFacts): PolicyResult {
  const rule = policy.rules.find((candidate) => matches(candidate, facts));
  if (rule === undefined) {
    const name = facts.standing === 'notAuthenticated' ? NOT_AUTHENTICATED_RULE : NO_RULE;
    return { ...REJECTED, rule: name, policyVersion: policy.version };
  }
  const site = Object.hasOwn(policy.sites, facts.site) ? policy.sites[facts.site] : undefined;
  const decided = 'permit' in rule.outcome ? permit(rule.outcome.permit, site) : REJECTED;
  const instead = facts.standing === 'notAuthenticated' ? undefined : (rule.observe ?? site?.observe);
  return {
    ...(instead === undefined ? decided : permit(instead, site)),
    ...(instead !== undefined && { observed: decided.outcome }),
    rule: rule.name,
    policyVersion: policy.version,
  };
}

/** Each rule, in order, and why it did or did not match. */
export function explainPolicy(policy: Policy, facts: PolicyFacts): RuleTrace[] {
  let decided = false;
  const traces = policy.rules.map((rule): RuleTrace => {
    if (decided) return { rule: rule.name, matched: false, failed: [], notReached: true };
    const failed = failedConditions(rule, facts).map((condition) => trace(condition, facts));
    decided = failed.length === 0;
    return { rule: rule.name, matched: decided, failed };
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

/** Looks no further than the first condition that fails. */
function matches(rule: Rule, facts: PolicyFacts): boolean {
  return (AUTHENTICATED.holds(facts) || speaksOfCompliance(rule)) && rule.conditions.every((one) => one.holds(facts));
}

function failedConditions(rule: Rule, facts: PolicyFacts): Condition[] {
  const failed = rule.conditions.filter((condition) => !condition.holds(facts));
  return AUTHENTICATED.holds(facts) || speaksOfCompliance(rule) ? failed : [AUTHENTICATED, ...failed];
}

function speaksOfCompliance({ conditions }: Rule): boolean {
  return conditions.some(({ name }) => name === AUTHENTICATED.name);
}

/**
 * A role or VLAN as the FreeRADIUS sample's anchored pattern accepts it. Anything else could not be told from an
 * attack on the line it stands in, so settings with other characters are refused at start.
 */
export function isRoleOrVlan(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(text);
}

const REJECTED = { outcome: { verdict: 'deny' }, sessionTimeoutSeconds: 0 } as const;

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

function trace(condition: Condition, facts: PolicyFacts): RuleTrace['failed'][number] {
  const actual = condition.actual(facts);
  return {
    condition: condition.name,
    wanted: condition.wanted,
    ...(actual !== undefined && { actual }),
  };
}
