// Counts of decisions by site and rule, and how old their knowledge was: added together, and cut where there are too
// many rules to count each.

import { AGE_BUCKETS, type AgeBucket, ageBucket } from './age-bucket.ts';
import { type Instant, millisecondsBetween } from './instant.ts';

interface RuleCount {
  readonly rule: string;
  readonly policyVersion: string;
  readonly permits: number;
  readonly denies: number;
}
type AgeCounts = Readonly<Partial<Record<AgeBucket, number>>>;
interface SiteCounts {
  readonly rules: readonly RuleCount[];
  readonly ages: Readonly<Record<string, AgeCounts>>;
}
export type DecisionCounts = Readonly<Record<string, SiteCounts>>;

/** What is counted of a decision. */
export interface CountedDecision {
  readonly site: string;
  readonly rule: string;
  readonly policyVersion: string;
  readonly verdict: string;
  readonly decidedAt: Instant;
  /** Source of the record that it rests on, and since when that was known; absent where it rests on none. */
  readonly source?: string;
  readonly asOf?: Instant;
}

/** So many rules of sites are counted by name: a row holds no more. What is beyond has the rule {@link OTHER_RULES}. */
export const MOST_RULES = 2_000;
export const OTHER_RULES = '(others)';

export class DecisionTally {
  readonly #sites = new Map<string, { rules: Map<string, RuleTally>; ages: Map<string, Map<AgeBucket, number>> }>();
  decisions = 0;

  add({ site, rule, policyVersion, verdict, decidedAt, source, asOf }: CountedDecision): void {
    this.decisions += 1;
    const ofSite = this.#sites.get(site) ?? { rules: new Map(), ages: new Map() };
    this.#sites.set(site, ofSite);
    const key = `${policyVersion}|${rule}`;
    const tally = ofSite.rules.get(key) ?? { rule, policyVersion, permits: 0, denies: 0 };
    if (verdict === 'permit') tally.permits += 1;
    else tally.denies += 1;
    ofSite.rules.set(key, tally);
    if (source === undefined || asOf === undefined) return;
    const bucket = ageBucket(Math.max(0, millisecondsBetween(asOf, decidedAt)));
    const ages = ofSite.ages.get(source) ?? new Map<AgeBucket, number>();
    ofSite.ages.set(source, ages.set(bucket, (ages.get(bucket) ?? 0) + 1));
  }

  counts(): DecisionCounts {
    return Object.fromEntries(
      [...this.#sites].map(([site, { rules, ages }]) => [
        site,
        {
          rules: [...rules.values()],
          ages: Object.fromEntries([...ages].map(([source, counts]) => [source, Object.fromEntries(counts)])),
        },
      ]),
    );
  }
}

interface RuleTally {
  rule: string;
  policyVersion: string;
  permits: number;
  denies: number;
}

/** Both together. */
export function addDecisionCounts(one: DecisionCounts, other: DecisionCounts, most = MOST_RULES): DecisionCounts {
  const sites = new Set([...Object.keys(one), ...Object.keys(other)]);
  let room = most;
  const added: [string, SiteCounts][] = [];
  for (const site of [...sites].sort()) {
    const [a, b] = [one[site], other[site]];
    const rules = withinRoom(addRules(a?.rules ?? [], b?.rules ?? []), room);
    room = Math.max(0, room - rules.length);
    added.push([site, { rules, ages: addAges(a?.ages ?? {}, b?.ages ?? {}) }]);
  }
  return Object.fromEntries(added);
}

/** At which step so many of a hundred are reached; `undefined` where there is nothing. */
export function agePercentile(ages: AgeCounts, percent: number): AgeBucket | undefined {
  const total = AGE_BUCKETS.reduce((sum, bucket) => sum + (ages[bucket] ?? 0), 0);
  let seen = 0;
  return total === 0
    ? undefined
    : AGE_BUCKETS.find((bucket) => {
        seen += ages[bucket] ?? 0;
        return seen >= (total * percent) / 100;
      });
}

export function addAgeCounts(one: AgeCounts, other: AgeCounts): AgeCounts {
  const counts = AGE_BUCKETS.map((bucket) => [bucket, (one[bucket] ?? 0) + (other[bucket] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function addAges(one: SiteCounts['ages'], other: SiteCounts['ages']): SiteCounts['ages'] {
  const sources = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...sources].map((source) => [source, addAgeCounts(one[source] ?? {}, other[source] ?? {})]),
  );
}

function addRules(one: readonly RuleCount[], other: readonly RuleCount[]): RuleCount[] {
  const rules = new Map<string, RuleCount>();
  for (const each of [...one, ...other]) {
    const key = `${each.policyVersion}|${each.rule}`;
    const known = rules.get(key);
    const sum = { permits: each.permits + (known?.permits ?? 0), denies: each.denies + (known?.denies ?? 0) };
    rules.set(key, { rule: each.rule, policyVersion: each.policyVersion, ...sum });
  }
  return [...rules.values()];
}

/** The rules with the most hits stay; the rest is one. */
function withinRoom(rules: readonly RuleCount[], room: number): readonly RuleCount[] {
  if (rules.length <= room) return rules;
  const sorted = rules.toSorted((a, b) => b.permits + b.denies - a.permits - a.denies);
  const rest = sorted.slice(Math.max(0, room - 1));
  const sum = (of: (rule: RuleCount) => number): number => rest.reduce((total, rule) => total + of(rule), 0);
  const others = { permits: sum(({ permits }) => permits), denies: sum(({ denies }) => denies) };
  return [...sorted.slice(0, Math.max(0, room - 1)), { rule: OTHER_RULES, policyVersion: '', ...others }];
}
