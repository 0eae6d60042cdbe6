// Reads policy.yaml: strict, with every problem at once, each with its line, its column and how to mend it.

import { isMap } from 'yaml';
import type { Policy, Role, Rule, SiteInPolicy } from '../../domain/policy/policy.ts';
import { isRoleOrVlan, RESERVED_RULE_NAMES } from '../../domain/policy/policy.ts';
import { PolicyError } from '../../errors.ts';
import { type KnownNames, type MacLists, readConditions, siteName } from './policy-conditions.ts';
import { issuerPattern } from './policy-patterns.ts';
import { type Roles, readRoles } from './policy-roles.ts';
import { type YamlField, YamlReader } from './yaml-reader.ts';

/** Characters of a policy.yaml, and how much may stand in it. An instance compiles it before its first answer. */
export const LARGEST_POLICY = 100_000;
export const MOST_RULES = 500;
export const MOST_SITES = 2_000;
export const MOST_ISSUERS = 50;
export const RULE_NAME = '^[a-z0-9][a-z0-9-]{0,63}$';

export interface ReadPolicyOptions {
  /** As answers name it. */
  readonly version: string;
  /** As the operator named the file, for messages. */
  readonly file?: string;
  /** The lists of MAC addresses that it may name; absent: none. */
  readonly macLists?: MacLists;
  /** The groups that it may ask for; absent: any. */
  readonly groups?: KnownNames['groups'];
}

/** @throws PolicyError, and nothing else, for any text */
export function readPolicy(
  text: string,
  { version, file = 'policy.yaml', macLists = new Map(), groups = 'unchecked' }: ReadPolicyOptions,
): Policy {
  if (text.length > LARGEST_POLICY) {
    const problem = `has more than ${LARGEST_POLICY} characters.`;
    throw new PolicyError(file, [{ path: '', line: 1, column: 1, problem }]);
  }
  const read = new YamlReader(text, { strict: true });
  const top = read.mapping(read.root, ['roles', 'sites', 'rules', 'certificateIssuers']);
  const roles = readRoles(read, top.roles);
  const certificateIssuers = readIssuers(read, top.certificateIssuers);
  const policy: Policy = {
    version,
    ...(certificateIssuers && { certificateIssuers }),
    roles: Object.fromEntries([...roles].flatMap(([name, role]) => (role ? [[name, role] as const] : []))),
    sites: readSites(read, top.sites, roles),
    rules: readRules(read, top.rules, roles, { macLists, groups }),
  };
  if (read.problems.length > 0) {
    throw new PolicyError(
      file,
      read.problems.toSorted((one, other) => one.line - other.line || one.column - other.column),
    );
  }
  return policy;
}

/** Absent where none are declared: then all count. */
function readIssuers(read: YamlReader, field: YamlField): readonly string[] | undefined {
  if (field.node === undefined) return undefined;
  const items = read.list(field, { orSingle: true, longest: MOST_ISSUERS }) ?? [];
  return items.flatMap((item) => {
    if (item.node === undefined) read.problem(item, 'is empty: enter an issuer or remove the line.');
    return issuerPattern(read, item) ?? [];
  });
}

function readRules(read: YamlReader, field: YamlField, roles: Roles, known: KnownNames): Rule[] {
  const items = read.list(field);
  if (items.length === 0) read.problem(field, 'is missing: enter at least one rule, the last one without `when`.');
  if (items.length > MOST_RULES) read.problem(field, `has more than ${MOST_RULES} rules.`);
  const names = new Set<string>();
  return items.slice(0, MOST_RULES).flatMap((item, index) => {
    const rule = readRule(read, item, { roles, known, isLast: index === items.length - 1 });
    if (rule === undefined) return [];
    if (names.has(rule.name)) read.problem(item, `is the second rule named "${rule.name}": decisions name their rule.`);
    names.add(rule.name);
    return [rule];
  });
}

interface RuleContext {
  readonly roles: Roles;
  readonly known: KnownNames;
  readonly isLast: boolean;
}

function readRule(read: YamlReader, field: YamlField, { roles, known, isLast }: RuleContext): Rule | undefined {
  const fields = read.mapping(field, ['name', 'when', 'permit', 'reject', 'observe']);
  const name = ruleName(read, fields.name);
  const conditions = fields.when.node === undefined ? [] : readConditions(read, fields.when, known);
  if (isEmptyMapping(fields.when.node)) {
    read.problem(fields.when, 'has no condition: enter one, or remove the line in the last rule.');
  }
  if (isLast && fields.when.node !== undefined) {
    read.problem(fields.when, 'stands in the last rule: end with a rule without `when`, for everyone else.');
  }
  if (!isLast && fields.when.node === undefined) {
    read.problem(field, 'has no `when`, so no rule after it would ever match: give it one, or make it the last.');
  }
  const outcome = readOutcome(read, field, fields, roles);
  const observe = role(read, fields.observe, roles);
  if (name === undefined || outcome === undefined) return undefined;
  return { name, conditions, outcome, ...(observe && { observe }) };
}

function isEmptyMapping(node: YamlField['node']): boolean {
  return isMap(node) && node.items.length === 0;
}

function readOutcome(
  read: YamlReader,
  rule: YamlField,
  { permit, reject }: Record<'permit' | 'reject', YamlField>,
  roles: Roles,
): Rule['outcome'] | undefined {
  if ((permit.node === undefined) === (reject.node === undefined)) {
    read.problem(rule, 'must have either `permit: <role>` or `reject: true`.');
    return undefined;
  }
  if (permit.node !== undefined) {
    const permitted = role(read, permit, roles);
    return permitted && { permit: permitted };
  }
  if (read.flag(reject) === false) read.problem(reject, 'can only be true: remove the line to permit.');
  return { reject: true };
}

function readSites(read: YamlReader, field: YamlField, roles: Roles): Record<string, SiteInPolicy> {
  const entries = read.entries(
    field,
    'the name of each site, with `observe`, `vlans` or `certificateIssuers` under it',
  );
  if (entries.length > MOST_SITES) read.problem(field, `has more than ${MOST_SITES} sites.`);
  const sites = entries.slice(0, MOST_SITES).flatMap(({ key, at, value }): [string, SiteInPolicy][] => {
    const fields = read.mapping(value, ['observe', 'vlans', 'certificateIssuers']);
    const observe = role(read, fields.observe, roles);
    const vlans = read.entries(fields.vlans, 'the name of each role, and its VLAN at this site').flatMap((entry) => {
      if (!roles.has(entry.key)) read.problem(entry.at, unknownRole(roles));
      const vlan = read.textOrNumber(entry.value);
      if (vlan !== undefined && isRoleOrVlan(vlan)) return [[entry.key, vlan]];
      read.problem(entry.value, 'must be a VLAN: up to 64 letters, digits, dots, hyphens and underscores.');
      return [];
    });
    const certificateIssuers = readIssuers(read, fields.certificateIssuers);
    if (siteName(read, { ...at, node: at.node }) === undefined) return [];
    return [
      [
        key,
        {
          ...(observe && { observe }),
          ...(certificateIssuers && { certificateIssuers }),
          vlans: Object.fromEntries(vlans),
        },
      ],
    ];
  });
  return Object.fromEntries(sites);
}

function ruleName(read: YamlReader, field: YamlField): string | undefined {
  const name = read.requiredText(field, 'a name, which decisions show');
  if (name === undefined) return undefined;
  if (new RegExp(RULE_NAME).test(name) && !RESERVED_RULE_NAMES.includes(name)) return name;
  read.problem(field, 'must be up to 64 lower-case letters, digits and hyphens, and not one of the reserved names.');
  return undefined;
}

function role(read: YamlReader, field: YamlField, roles: Roles): Role | undefined {
  const name = read.textOrNumber(field);
  if (name === undefined) return undefined;
  const found = roles.get(name);
  if (found === undefined) read.problem(field, unknownRole(roles));
  return found ?? undefined;
}

function unknownRole(roles: Roles): string {
  const known = [...roles.keys()].slice(0, 20).join(', ');
  return `is no role of this policy: define it under \`roles\`${known === '' ? '' : `, or use one of ${known}`}.`;
}
