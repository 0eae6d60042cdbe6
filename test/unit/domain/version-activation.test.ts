// Activation and rollback of policy versions.

import { describe, expect, test } from 'vitest';
import {
  type ActivationState,
  activate,
  isVersionName,
  NOTHING_ACTIVATED,
  outgoingVersions,
  rollBack,
  settledAt,
  versionInForce,
} from '../../../shared/domain/version-activation.ts';

const AT = '2026-11-20T10:00:00.000Z';

function activated(state: ActivationState, version: string, at: string): ActivationState {
  return activate(state, { version, at, by: 'olga' });
}

function at(seconds: number): string {
  return new Date(Date.parse(AT) + seconds * 1000).toISOString();
}

describe('which version is in force', () => {
  test('the one activated last; before the first it is the built-in one', () => {
    const one = activated(NOTHING_ACTIVATED, 'v1', at(0));
    expect([
      versionInForce(NOTHING_ACTIVATED),
      versionInForce(one),
      versionInForce(activated(one, 'v2', at(1))),
    ]).toEqual(['built-in', 'v1', 'v2']);
  });

  test('each rollback goes one activation back, to the built-in one at last, and then no further', () => {
    let state: ActivationState | undefined = activated(activated(NOTHING_ACTIVATED, 'v1', at(0)), 'v2', at(1));
    const seen: string[] = [];
    while (state !== undefined) {
      seen.push(versionInForce(state));
      state = rollBack(state, at(2));
    }
    expect(seen).toEqual(['v2', 'v1', 'built-in']);
  });

  test('activating what is in force changes nothing', () => {
    const one = activated(NOTHING_ACTIVATED, 'v1', at(0));
    expect(activated(one, 'v1', at(5))).toBe(one);
  });

  test('the number of activations kept has a bound', () => {
    let state = NOTHING_ACTIVATED;
    for (let n = 0; n < 500; n++) state = activated(state, `v${n}`, at(n * 100));
    expect(state.activations.length).toBe(50);
    expect(state.outgoing.length).toBe(1);
  });
});

describe('what instances may still answer by', () => {
  test('for a minute and a half, the version before', () => {
    const state = activated(activated(NOTHING_ACTIVATED, 'v1', at(-1000)), 'v2', at(0));
    expect(outgoingVersions(state, at(89))).toEqual(['v1']);
    expect(outgoingVersions(state, at(90))).toEqual([]);
    expect(settledAt(state)).toBe(at(90));
  });

  test('after two changes in a minute, both versions before, each once and never the one in force', () => {
    const two = activated(activated(NOTHING_ACTIVATED, 'v1', at(0)), 'v2', at(10));
    expect(outgoingVersions(two, at(20))).toEqual(['v1', 'built-in']);
    const back = rollBack(two, at(20));
    expect(back && outgoingVersions(back, at(30))).toEqual(['v2', 'built-in']);
    expect(back && outgoingVersions(back, at(95))).toEqual(['v2']);
  });
});

test.each(['v1', '2026-11-20', '1.0.3', 'branch_7', 'a'.repeat(64)])('"%s" may name a version', (name) => {
  expect(isVersionName(name)).toBe(true);
});

test.each(['', 'V1', 'a b', 'a/b', '../x', 'built-in', 'built-in:x', 'draft', '-a', '.a', 'a'.repeat(65), 'a\n'])(
  '%j may not',
  (name) => {
    expect(isVersionName(name)).toBe(false);
  },
);
