// The policy in force: whether it can be read, and whether it and the settings say whose names count.

import type { Policy } from '../../domain/policy/policy.ts';
import type { Check } from '../../ports/check.ts';

export interface PolicyCheckDeps {
  /** @throws StoreError, PolicyError */
  readonly inForce: () => Promise<Policy>;
  /** Object ids of the groups that sources read, in lower case. @throws StoreError */
  readonly groupsRead: () => Promise<ReadonlySet<string>>;
  /** Absent where none are declared. */
  readonly computerDomains?: readonly string[] | undefined;
}

interface Remark {
  readonly saw: string;
  readonly means: string;
  readonly action: string;
}

/** Groups in one line of a report. */
const MOST_NAMED = 5;

const ISSUERS: Remark = {
  saw: 'It declares no certificateIssuers (certificate-issuer-undeclared).',
  means: 'Every authority that a RADIUS server trusts can name any device in a certificate.',
  action: 'Activate a policy.yaml with `certificateIssuers`; docs/policy.md says how they are written.',
};
const DOMAINS: Remark = {
  saw: 'COMPUTER_DOMAINS is not set (computer-domain-undeclared).',
  means: 'A computer account of every domain that a RADIUS server asks can name any device.',
  action: 'Set COMPUTER_DOMAINS to your domains, also if computers log in by certificate alone.',
};

function groupsUnread({ rules }: Policy, read: ReadonlySet<string>): Remark[] {
  const asked = rules.flatMap(({ conditions }) => conditions.flatMap(({ groups = [] }) => groups));
  const unread = [...new Set(asked)].filter((group) => !read.has(group));
  if (unread.length === 0) return [];
  return [
    {
      saw: `It asks for groups that no source reads: ${unread.slice(0, MOST_NAMED).join(', ')}.`,
      means: 'Who is in them is not known: rules that permit by them match no station, rules that reject match all.',
      action: 'Enter them under `groups` of a source of kind entra in sources.yaml, or activate a policy without them.',
    },
  ];
}

export function policyCheck({ inForce, groupsRead, computerDomains }: PolicyCheckDeps): Check {
  return {
    name: 'policy',
    title: 'Policy in force',
    needs: ['storage'],
    async run() {
      const policy = await inForce();
      const remarks = [
        ...(policy.certificateIssuers === undefined ? [ISSUERS] : []),
        ...(computerDomains === undefined ? [DOMAINS] : []),
        ...groupsUnread(policy, await groupsRead()),
      ];
      const saw = [`"${policy.version}" is in force: ${policy.rules.length} rules.`, ...remarks.map((one) => one.saw)];
      if (remarks.length === 0) return { status: 'ok', saw: saw.join(' ') };
      return {
        status: 'warn',
        saw: saw.join(' '),
        means: remarks.map(({ means }) => means).join(' '),
        action: remarks.map(({ action }) => action).join(' '),
      };
    },
  };
}
