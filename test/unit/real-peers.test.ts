// Tests that need real peers are left out by name where the peers are missing, and only those.

import { describe, expect, test } from 'vitest';
import { type PeerMachine, testsLeftOut } from '../../scripts/real-peers.ts';

const FREERADIUS_TESTS = 'test/e2e/freeradius-*.test.ts';
const SWITCH_TESTS = 'test/e2e/real-switch-*.test.ts';

function machine(options: { readonly without?: readonly string[]; readonly refusal?: string } = {}): PeerMachine {
  return { has: (proof) => !options.without?.includes(proof), namespaceRefusal: () => options.refusal };
}

describe('a machine', () => {
  test('with everything runs all tests', () => {
    expect(testsLeftOut(machine())).toBeUndefined();
  });

  test('without FreeRADIUS leaves its tests out, and those of the real switch, which is in front of it', () => {
    const leftOut = testsLeftOut(machine({ without: ['freeradius'] }));
    expect(leftOut?.tests).toEqual(expect.arrayContaining([FREERADIUS_TESTS, SWITCH_TESTS]));
    expect(leftOut?.notice).toContain('apt-get install freeradius\n');
  });

  test('without hostapd leaves only the tests of the real switch out', () => {
    const leftOut = testsLeftOut(machine({ without: ['hostapd', 'wpa_supplicant'] }));
    expect(leftOut?.tests).toEqual([SWITCH_TESTS]);
    expect(leftOut?.notice).toContain('apt-get install hostapd wpasupplicant\n');
  });

  test('without Chromium leaves the tests of the console out, and no others', () => {
    const leftOut = testsLeftOut(machine({ without: ['/usr/bin/chromium'] }));
    expect(leftOut?.tests).toEqual(['test/console/**/*.test.ts']);
    expect(leftOut?.notice).toContain('apt-get install chromium\n');
  });

  test('that allows no namespaces says so, and what to do', () => {
    const leftOut = testsLeftOut(machine({ refusal: 'Operation not permitted' }));
    expect(leftOut?.tests).toEqual([SWITCH_TESTS]);
    expect(leftOut?.notice).toMatch(/Operation not permitted[\s\S]*NET_ADMIN/);
  });
});
