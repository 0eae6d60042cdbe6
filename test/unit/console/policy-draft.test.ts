// A draft of a policy: places of its problems, names of versions, and what it would change.

import { describe, expect, test } from 'vitest';
import { markedProblems } from '../../../console/pages/policy/policy-problems.ts';
import { isVersionName, suggestedVersion } from '../../../console/pages/policy/version-name.ts';
import { changesByRule, changesBySite, spelledSeconds } from '../../../console/pages/policy/what-if-words.ts';
import { isVersionName as isStoredName } from '../../../shared/domain/version-activation.ts';

describe('problems of a policy as places of the editor', () => {
  const TEXT = 'rules:\n  - name: all\n    permit: stuff # later\n';

  test('the word at line and column is marked', () => {
    const [mark] = markedProblems([{ line: 3, column: 13, path: 'rules[0].permit', problem: 'is no role.' }], TEXT);
    expect(TEXT.slice(mark?.from, mark?.to)).toBe('stuff');
    expect(mark?.message).toBe('rules[0].permit: is no role.');
  });

  test('a place behind the end of a line or of the text marks the line', () => {
    const [end] = markedProblems([{ line: 1, column: 7, path: '', problem: 'is empty.' }], TEXT);
    expect(TEXT.slice(end?.from, end?.to)).toBe('rules:');
    const [far] = markedProblems([{ line: 99, column: 99, path: '', problem: 'is missing.' }], TEXT);
    expect(far).toMatchObject({ from: TEXT.length, to: TEXT.length });
  });

  test('what is no problem is left out', () => {
    expect(markedProblems([null, 'x', { line: '1' }, { line: 1, column: 1, path: '' }], TEXT)).toEqual([]);
  });
});

describe('the name of a version', () => {
  test.each([
    '2026-12-01',
    'a',
    '0',
    'a_b.c-d',
    '',
    'Draft',
    'draft',
    'built-in',
    'built-in-2',
    '-a',
    'a b',
    'x'.repeat(65),
  ])('the page takes what the API takes: %j', (name) => {
    expect(isVersionName(name)).toBe(isStoredName(name));
  });

  test('today is suggested, with a number where it is taken', () => {
    const now = '2026-12-01T09:00:00.000Z';
    expect(suggestedVersion(now, [])).toBe('2026-12-01');
    expect(suggestedVersion(now, ['2026-12-01', '2026-12-01.2'])).toBe('2026-12-01.3');
  });
});

describe('what a draft would change', () => {
  const tally = { looked: 10, changing: 3, examples: [] };
  const report = {
    at: '2026-12-01T09:00:00.000Z',
    inForce: 'a',
    draft: 'draft',
    sessions: { ...tally, bySite: { lab: 1, hq: 2 }, byRule: { 'staff -> guest': 3 } },
    fleet: {
      ...tally,
      bySite: {},
      byRule: { 'staff -> guest': 5, 'all -> guest': 7 },
      assumed: { site: '', assurance: 'mac' as const },
    },
    enforcing: {
      secondsBySite: { hq: 40, lab: 35 },
      seconds: 40,
      assumed: { inFlightPerSite: 20, roundSeconds: 5, settleSeconds: 30 },
    },
    complete: true,
  };

  test('by site, the most changes first, with the time that their CoAs take', () => {
    expect(changesBySite(report)).toEqual([
      { site: 'hq', sessions: 2, seconds: 40 },
      { site: 'lab', sessions: 1, seconds: 35 },
    ]);
  });

  test('by rule, sessions before devices', () => {
    expect(changesByRule(report)).toEqual([
      { from: 'staff', to: 'guest', sessions: 3, devices: 5 },
      { from: 'all', to: 'guest', sessions: 0, devices: 7 },
    ]);
  });

  test.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7_199, '2 h'],
    [12_000, '3 h 20 min'],
  ])('%d seconds are spelled %s', (seconds, spelled) => {
    expect(spelledSeconds(seconds)).toBe(spelled);
  });
});
