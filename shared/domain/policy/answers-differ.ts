// Whether a policy would answer differently once a device is as it was seen now: what the breaker counts.

import type { Device } from '../device/device.ts';
import { standingOfDevice } from '../device/record-standing.ts';
import { type Instant, toInstant } from '../instant.ts';
import { sameData } from '../same-data.ts';
import { sameOutcome } from './decision.ts';
import { evaluatePolicy, type Policy } from './policy.ts';
import { deviceFacts, type PolicyFacts } from './policy-facts.ts';

/** Whether answers for the device would differ from one record of it to the next. */
export type AnswersDiffer = (before: Device, after: Device) => boolean;

/** How a device may ask: the breaker cannot know, so it looks at the usual ways, and at sites that the policy names. */
const ASSURANCES = ['certificate-guid', 'mac'] as const;
/** RADIUS NAS-Port-Type: Ethernet and Wireless-802.11 (RFC 2865 5.41). */
const PORT_TYPES = ['15', '19'] as const;
const MOST_SITES = 8;

/** @param maxCheckInAgeMs a device whose last check-in is older counts as silent */
export function answersDiffer(policy: Policy, now: Date, maxCheckInAgeMs: number): AnswersDiffer {
  const at = toInstant(now);
  const sites = ['', ...sitesOf(policy)].slice(0, MOST_SITES + 1);
  const askers = sites.flatMap((site) =>
    ASSURANCES.flatMap((assurance) => PORT_TYPES.map((nasPortType) => ({ site, assurance, nasPortType }))),
  );
  return (before, after) => {
    const [a, b] = [before, after].map((device) => known(device, at, maxCheckInAgeMs)) as [Known, Known];
    if (sameData(a, b)) return false;
    return askers.some((asker) => {
      const outcome = (facts: Known) => evaluatePolicy(policy, { ...facts, ...asker }).outcome;
      return !sameOutcome(outcome(a), outcome(b));
    });
  };
}

type Known = Pick<PolicyFacts, 'at' | 'asOf' | 'standing' | 'marks' | 'device'>;

function known(device: Device, at: Instant, maxCheckInAgeMs: number): Known {
  return {
    at,
    asOf: at,
    marks: [],
    standing: standingOfDevice(device, at, maxCheckInAgeMs),
    device: deviceFacts(device),
  };
}

/** A rule's author writes sites one after the other; no site has a comma in its name. */
function sitesOf({ rules, sites }: Policy): string[] {
  const wanted = rules.flatMap(({ conditions }) =>
    conditions.flatMap(({ name, wanted: text }) => (name === 'site' ? text.split(', ') : [])),
  );
  return [...new Set([...wanted, ...Object.keys(sites)])];
}
