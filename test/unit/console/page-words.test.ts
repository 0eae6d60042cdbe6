// Small decisions of the console's pages: names of rules in a text, who is a program, where a job's page begins, which
// jobs may be sent again, the body of an override, filters of sessions.

import { describe, expect, test } from 'vitest';
import { causeOf, markBefore, mayBeResent } from '../../../console/pages/jobs/job-words.ts';
import { overrideRequest } from '../../../console/pages/operations/override-request.ts';
import { ruleNames } from '../../../console/pages/policy/rule-names.ts';
import { ruleRows } from '../../../console/pages/policy/rule-rows.ts';
import { isProgram, shownWho } from '../../../console/pages/policy/who.ts';
import { splitSessionFilters } from '../../../console/pages/sessions/session-filters.ts';
import type { ShownSession } from '../../../shared/http/schemas/session.ts';

const OID = '0f8fad5b-d9cb-469f-a165-70867728950e';

describe('rules of the version in force', () => {
  const text = `roles: { staff: { vlan: 10 } }
rules: # in order
  - name: one
    permit: staff
  - { name: "two, too", permit: staff }
  - name: 'three' # later
  - when: { site: hq }
`;

  test('their names are found in every usual form', () => {
    expect(ruleNames(text)).toEqual(['one', 'two, too', 'three']);
    expect(ruleNames('')).toEqual([]);
  });

  test('those that never decided are listed, and hits of versions before come last', () => {
    const hits = {
      from: '',
      to: '',
      rules: [
        { rule: 'three', policyVersion: 'a', permits: 2, denies: 1, bySite: { hq: 3 } },
        { rule: 'one', policyVersion: 'before', permits: 9, denies: 0, bySite: { hq: 9 } },
      ],
    };
    const rows = ruleRows('a', ['one', 'three'], hits);
    expect(rows.map(({ rule, place, permits, inForce }) => [rule, place, permits, inForce])).toEqual([
      ['one', 1, 0, true],
      ['three', 2, 2, true],
      ['one', undefined, 9, false],
    ]);
  });
});

test.each([
  [`Ada Administrator (${OID})`, false],
  ['ada@example.com', false],
  ['deploy-pipeline', true],
  [`application ${OID}, object ${OID}`, true],
  ['holder of the connection string', true],
])('%s: a program %s', (by, program) => {
  expect(isProgram(by)).toBe(program);
});

test('a person is shown without the object id', () => {
  expect(shownWho(`Ada (Berlin) (${OID})`)).toBe('Ada (Berlin)');
  expect(shownWho('ops')).toBe('ops');
});

describe('jobs', () => {
  const job = { stage: 'refused', outcome: 'refused' } as Parameters<typeof causeOf>[0];

  test('the page that begins with a job is asked for by its time', () => {
    const id = '8235468000000-0123456789abcdef0123-5_aa';
    expect(markBefore(id)).toBe('8235468000000-0');
    expect(`${markBefore(id)}` < id).toBe(true);
    expect(markBefore('nonsense')).toBeUndefined();
  });

  test('the cause is the number that the NAS gave, else how the attempt ended', () => {
    expect(causeOf(job)).toBe('');
    expect(causeOf({ ...job, errorCause: { code: 503, name: 'x' } })).toBe('503');
    expect(causeOf({ ...job, outcome: 'no-answer' })).toBe('no-answer');
  });

  test.each([
    ['refused', true],
    ['dead-lettered', true],
    ['expired', true],
    ['no-answer', true],
    ['queued', false],
    ['proven', false],
    ['superseded', false],
  ] as const)('one that is %s may be sent again: %s', (stage, may) => {
    expect(mayBeResent({ ...job, stage })).toBe(may);
  });
});

test('an override says one thing about one thing', () => {
  const typed = { about: ' a0:b1 ', issuer: '', role: ' staff ', until: ' 8h ', site: ' ' };
  expect(overrideRequest({ ...typed, kind: 'mac', effect: 'block' }, 'stolen')).toEqual({
    mac: 'a0:b1',
    block: true,
    until: '8h',
    reason: 'stolen',
  });
  const certificate = {
    ...typed,
    kind: 'certificate',
    effect: 'role',
    about: '0a',
    issuer: 'CN=x',
    site: 'hq',
  } as const;
  expect(overrideRequest(certificate, 'visit')).toEqual({
    certificate: { serial: '0a', issuer: 'CN=x' },
    role: 'staff',
    until: '8h',
    site: 'hq',
    reason: 'visit',
  });
});

test('the list of sessions has the API filter what it can, and the rest itself', () => {
  const row = {
    id: 'a',
    mac: 'a0b1c2d3e4f5',
    deviceName: 'LAPTOP',
    proof: 'proven',
    nasIdentifier: 'switch-a',
    answer: { rule: 'staff' },
  } as ShownSession;
  const byApi = splitSessionFilters({ site: 'hq', notEnforced: 'true', live: 'true' });
  expect(byApi.query).toEqual({ site: 'hq', notEnforced: 'true', live: 'true' });
  expect(byApi.isWholeByApi).toBe(true);
  expect(splitSessionFilters({ station: 'A0-B1-C2' }).keep(row)).toBe(true);
  expect(splitSessionFilters({ station: 'lap' }).keep(row)).toBe(true);
  expect(splitSessionFilters({ station: 'other' }).keep(row)).toBe(false);
  expect(splitSessionFilters({ session: 'b' }).keep(row)).toBe(false);
  expect(splitSessionFilters({ nas: 'SWITCH', rule: 'staff', proof: 'proven' }).keep(row)).toBe(true);
});
