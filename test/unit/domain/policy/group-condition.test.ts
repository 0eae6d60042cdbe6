// Groups as a condition of policy: what is known to be so, known not to be so, and not known.

import { describe, expect, test } from 'vitest';
import type { Device } from '../../../../shared/domain/device/device.ts';
import { isInGroup, withGroupsOf } from '../../../../shared/domain/device/group-memberships.ts';
import { groupIs, groupsAre } from '../../../../shared/domain/policy/device-condition.ts';
import { someFacts } from '../../../support/policy-facts.ts';

const A = '9a000000-0000-4000-8000-00000000000a';
const B = '9a000000-0000-4000-8000-00000000000b';
const withGroups = (groups?: string) =>
  someFacts({ device: { complianceState: 'compliant', ...(groups !== undefined && { groups }) } });

test.each<[string | undefined, boolean | undefined, boolean | undefined, boolean | undefined]>([
  [`+${A} +${B}`, true, true, false],
  [`+${A} -${B}`, true, true, true],
  [`-${A} +${B}`, true, false, false],
  [`-${A} -${B}`, false, false, false],
  [`+${A}`, true, true, undefined],
  [`-${A}`, undefined, false, false],
  [`-${B}`, undefined, undefined, undefined],
  [undefined, undefined, undefined, undefined],
  [`+${A} -${A}`, undefined, undefined, undefined],
])('%s: one of both %s, the first %s, the first and not the second %s', (groups, either, first, without) => {
  const facts = withGroups(groups);
  expect(groupIs([A, B]).holds(facts)).toBe(either);
  expect(groupIs([A]).holds(facts)).toBe(first);
  expect(groupsAre({ [A]: true, [B]: false }).holds(facts)).toBe(without);
});

test('without a device neither holds', () => {
  const { device: _, ...facts } = someFacts();
  expect(groupIs([A]).holds(facts)).toBe(false);
  expect(groupsAre({ [A]: false }).holds(facts)).toBe(false);
});

test('an explanation says what is known of each group that was asked for', () => {
  expect(groupIs([A, B]).actual(withGroups(`-${A}`))).toBe(`${A} false`);
  expect(groupsAre({ [A]: true, [B]: false }).actual(withGroups(`+${A} +${B}`))).toBe(`${A} true, ${B} true`);
  expect(groupIs([A]).actual(withGroups())).toBeUndefined();
});

describe('groups of several records', () => {
  const device = (source: string, groups?: string): Device => ({
    ...{ source, id: '1', complianceState: 'compliant' },
    ...(groups !== undefined && { groups }),
  });
  const trusts = (source: string): boolean => source !== 'mdm';

  test('are put together, and what two of them say differently is not known', () => {
    const both = withGroupsOf(device('intune'), [device('home', `+${A} -${B}`), device('guest', `+${B}`)], trusts);
    expect(isInGroup(both.groups, A)).toBe(true);
    expect(isInGroup(both.groups, B)).toBeUndefined();
  });

  test('are neither given to a record that only claims an id, nor taken from one', () => {
    expect(withGroupsOf(device('mdm'), [device('home', `+${A}`)], trusts).groups).toBeUndefined();
    expect(withGroupsOf(device('intune'), [device('mdm', `+${A}`)], trusts).groups).toBeUndefined();
  });
});
