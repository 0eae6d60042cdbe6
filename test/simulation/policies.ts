// The policies of a world, as the oracle reads them: a few plain rules, and the same ones as policy.yaml for the
// product.

import type { Credential } from './models/answer.ts';

/** What the oracle knows of the device behind a station. */
export type TrueStanding =
  | 'compliant'
  | 'noncompliant'
  | 'inGracePeriod'
  | 'notEnrolled'
  | 'ambiguous'
  | 'unidentified';

interface Rule {
  readonly name: string;
  readonly standing?: readonly TrueStanding[];
  readonly site?: string;
  /** Only by certificate. */
  readonly proven?: true;
  /** Absent: rejected. */
  readonly role?: keyof typeof ROLES;
}

export interface WorldPolicy {
  readonly version: string;
  readonly rules: readonly Rule[];
}

const ROLES = { compliant: 10, quarantine: 666, limited: 20, guest: 99 } as const;
const SESSION_TIMEOUT = '8h';

const COMPLIANT: Rule = { name: 'compliant', standing: ['compliant'], role: 'compliant' };
const GRACE: Rule = { name: 'grace', standing: ['inGracePeriod'], role: 'limited' };
const REST: Rule = { name: 'rest', role: 'quarantine' };

export const POLICIES: readonly WorldPolicy[] = [
  { version: 'strict', rules: [COMPLIANT, REST] },
  { version: 'graceful', rules: [COMPLIANT, GRACE, REST] },
  {
    version: 'guests',
    rules: [COMPLIANT, { name: 'unknown', standing: ['notEnrolled', 'unidentified'], role: 'guest' }, REST],
  },
  {
    version: 'proven',
    rules: [{ ...COMPLIANT, proven: true }, { ...COMPLIANT, name: 'by-address', role: 'limited' }, REST],
  },
  {
    version: 'branch',
    rules: [
      { name: 'branch-grace', standing: ['compliant', 'inGracePeriod'], site: 'branch', role: 'limited' },
      COMPLIANT,
      REST,
    ],
  },
];

/** What holds while nothing is activated, with the default settings. */
export const BUILT_IN_POLICY: WorldPolicy = {
  version: 'built-in',
  rules: [{ name: 'compliant', standing: ['compliant', 'inGracePeriod'], role: 'compliant' }, REST],
};

/** @returns as answers are compared: `permit <role> <vlan>`, or `deny` */
export function decide(policy: WorldPolicy, standing: TrueStanding, site: string, credential: Credential): string {
  const rule = policy.rules.find(
    (one) =>
      (one.standing === undefined || one.standing.includes(standing)) &&
      (one.site === undefined || one.site === site) &&
      (one.proven === undefined || credential !== 'mab'),
  );
  return rule?.role === undefined ? 'deny' : `permit ${rule.role} ${ROLES[rule.role]}`;
}

export function policyYaml({ rules }: WorldPolicy): string {
  const roles = Object.entries(ROLES).map(
    ([name, vlan]) => `  ${name}: { vlan: ${vlan}, sessionTimeout: ${SESSION_TIMEOUT} }`,
  );
  return [
    'roles:',
    ...roles,
    'rules:',
    ...rules.flatMap(({ name, standing, site, proven, role }) => {
      const conditions = [
        ...(standing === undefined ? [] : [`compliance: [${standing.join(', ')}]`]),
        ...(site === undefined ? [] : [`site: ${site}`]),
        ...(proven === undefined ? [] : ['assurance: certificate-guid']),
      ];
      return [
        `  - name: ${name}`,
        ...(conditions.length === 0 ? [] : [`    when: { ${conditions.join(', ')} }`]),
        role === undefined ? '    reject: true' : `    permit: ${role}`,
      ];
    }),
  ].join('\n');
}
