// What comes from outside into overrides: bodies of requests, rows that something else wrote, and questions of
// stations.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOverride } from '../../../shared/adapters/table-storage/override-row.ts';
import { builtInPolicy } from '../../../shared/domain/policy/built-in-policy.ts';
import { evaluateOverridden } from '../../../shared/domain/policy/overridden.ts';
import {
  isInForce,
  LONGEST_BLOCK_MS,
  LONGEST_LET_ON_MS,
  type Override,
} from '../../../shared/domain/policy/override.ts';
import { RequestError } from '../../../shared/errors.ts';
import { readOverrideRequest } from '../../../shared/http/read-override.ts';
import { someFacts } from '../../support/policy-facts.ts';

const NOW = '2026-11-30T08:00:00.000Z';
const RUNS = { numRuns: 10_000 };

function read(body: unknown) {
  return readOverrideRequest(JSON.stringify(body), NOW);
}

const GOOD = { mac: 'a0-b1-c2-d3-e4-f5', block: true, until: '4h', reason: 'stolen' };

describe('a body', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['with two targets', { user: 'jane' }, 'user'],
    ['with block and role', { role: 'guest' }, 'role'],
    ['that ends in the past', { until: '2026-11-30T07:59:59Z' }, 'until'],
    ['that ends at once', { until: '0s' }, 'until'],
    ['with a day that does not exist', { until: '2027-02-31T08:00:00Z' }, 'until'],
    ['with a local time', { until: '2026-12-01T08:00:00' }, 'until'],
    ['with a year of six digits', { until: '+275760-09-13T00:00:00Z' }, 'until'],
    ['with a number for a time', { until: 1e20 }, 'until'],
    ['with a block for years', { until: '9999d' }, 'until'],
    ['with block false', { block: false }, 'block'],
    ['without reason', { reason: ' ' }, 'reason'],
    ['with a reason in two lines', { reason: 'a\nb' }, 'reason'],
    ['with the address of a group', { mac: '01:00:5e:00:00:01' }, 'mac'],
    ['with the address of none', { mac: '00:00:00:00:00:00' }, 'mac'],
    ['with a site that is none', { site: 'HQ' }, 'site'],
    ['with a field of another time', { from: NOW }, 'from'],
    ['with the name of a prototype', { constructor: 1 }, 'constructor'],
  ])('%s is refused by the field', (_, fields, field) => {
    expect(() => read({ ...GOOD, ...fields })).toThrow(
      expect.objectContaining({ code: 'NAC_REQUEST_FIELD', field, status: 400 }),
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ['of any issuer', { serial: '0a', issuer: '*' }],
    ['of no issuer', { serial: '0a', issuer: '=' }],
    ['with a serial number that is none', { serial: 'not hexadecimal' }],
    ['that is a list', [] as never],
  ])('about a certificate %s is refused', (_, certificate) => {
    const { mac, ...rest } = GOOD;
    expect(() => read({ ...rest, certificate })).toThrow(expect.objectContaining({ code: 'NAC_REQUEST_FIELD' }));
  });

  test('lets on for seven days at most', () => {
    const { block, ...rest } = GOOD;
    expect(read({ ...rest, role: 'guest', until: '7d' }).until).toBe('2026-12-07T08:00:00.000Z');
    expect(() => read({ ...rest, role: 'guest', until: '169h' })).toThrow(expect.objectContaining({ field: 'until' }));
  });

  test('of any content is read within bounds, or refused with a code', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('7d', '1m', NOW, GOOD.mac, 'guest', 'a@b', '{A0B1}', '9e99d', 'NaN'),
    );
    const value = fc.oneof(text, fc.jsonValue());
    const fields = ['device', 'mac', 'certificate', 'user', 'block', 'role', 'until', 'reason', 'site', '__proto__'];
    const body = fc.oneof(
      fc.string(),
      fc
        .record(Object.fromEntries(fields.map((name) => [name, value])), { requiredKeys: [] })
        .map((one) => JSON.stringify(one)),
      fc
        .record({ mac: fc.constant(GOOD.mac), block: fc.constant(true), reason: text, until: text })
        .map((one) => JSON.stringify(one)),
    );
    fc.assert(
      fc.property(body, (given) => {
        let request: ReturnType<typeof read>;
        try {
          request = readOverrideRequest(given, NOW);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RequestError);
          return;
        }
        const leftMs = Date.parse(request.until) - Date.parse(NOW);
        expect(leftMs).toBeGreaterThan(0);
        expect(leftMs).toBeLessThanOrEqual(request.effect.kind === 'block' ? LONGEST_BLOCK_MS : LONGEST_LET_ON_MS);
        const { target: wanted } = request;
        const target = 'named' in wanted ? { device: { source: 'intune', id: 'x' } } : wanted;
        const override = { id: '00000000', by: 'x', createdAt: NOW, ...request, target };
        // What was taken is what a row gives back.
        expect(readOverride(JSON.stringify(override))).toEqual(override);
      }),
      RUNS,
    );
  });
});

const WRITTEN: Override = {
  id: '0a1b2c3d',
  target: { mac: 'a0b1c2d3e4f5' as never },
  effect: { kind: 'let-on', role: 'compliant' },
  reason: 'x',
  by: 'admin',
  createdAt: NOW,
  until: '2026-12-01T08:00:00.000Z',
};

describe('a row', () => {
  test.each<[string, Record<string, unknown>]>([
    ['whose end is no moment', { until: 'NaN' }],
    ['whose end sorts behind all others', { until: '~' }],
    ['whose end is in another form', { until: '2026-12-01T08:00:00Z' }],
    ['whose target is nothing', { target: {} }],
    ['whose address is in another notation', { target: { mac: 'A0-B1-C2-D3-E4-F5' } }],
    ['whose effect is none', { effect: { kind: 'permit' } }],
    ['whose role could not stand in an answer', { effect: { kind: 'let-on', role: 'a b' } }],
    ['whose id is another kind of text', { id: '../x' }],
  ])('%s holds no override', (_, fields) => {
    expect(readOverride(JSON.stringify(WRITTEN))).toEqual(WRITTEN);
    expect(readOverride(JSON.stringify({ ...WRITTEN, ...fields }))).toBeUndefined();
  });

  test('whose early end cannot be read has not ended', () => {
    const block = { ...WRITTEN, effect: { kind: 'block' }, endedAt: 'never' };
    const override = readOverride(JSON.stringify(block));
    expect(override && isInForce(override, NOW)).toBe(true);
  });

  test('of any content is an override that decides, or none', () => {
    const policy = builtInPolicy(
      { name: 'compliant', vlan: '10', sessionTimeoutSeconds: 28_800 },
      { name: 'quarantine', vlan: '666', sessionTimeoutSeconds: 1_800 },
    );
    const fields = fc.record(
      Object.fromEntries(Object.keys(WRITTEN).map((name) => [name, fc.oneof(fc.constant(undefined), fc.jsonValue())])),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (damage) => {
        const override = readOverride(JSON.stringify({ ...WRITTEN, ...damage }));
        if (override === undefined) return;
        const facts = someFacts({ mac: 'a0b1c2d3e4f5', methods: ['mab'], at: NOW });
        const { outcome, sessionTimeoutSeconds } = evaluateOverridden(policy, [override], { facts, identities: [] });
        expect(outcome.verdict === 'deny' || sessionTimeoutSeconds > 0).toBe(true);
      }),
      RUNS,
    );
  });
});
