// Labels of metrics stay few, and none of them holds an identity.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedLabels, MOST_NAMES } from '../../../../shared/adapters/telemetry/bounded-labels.ts';
import { LABELS, type LabelName, OTHER } from '../../../../shared/ports/instruments.ts';

const NAMES = Object.keys(LABELS) as LabelName[];
const CONFIGURED = NAMES.filter((name) => !('values' in LABELS[name]));

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: length, maxLength: length });
const pairs = (count: number, separator: string) =>
  fc.array(hex(2), { minLength: count, maxLength: count }).map((each) => each.join(separator));
const identity = fc.oneof(
  pairs(6, ''),
  pairs(6, ':'),
  pairs(6, '-'),
  fc.array(hex(4), { minLength: 3, maxLength: 3 }).map((each) => each.join('.')),
  fc.uuid(),
  fc.uuid().map((guid) => guid.replaceAll('-', '').toUpperCase()),
  fc.emailAddress(),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('CONTOSO\\alice', 'host/laptop-7.contoso.com', 'CN=laptop-7,O=Contoso', '356938035643809'),
);

describe('labels', () => {
  test.each(CONFIGURED)('%s says no identity, alone or within a text', (name) => {
    fc.assert(
      fc.property(identity, fc.constantFrom('', 'vlan ', 'of '), fc.constantFrom('', ' x'), (id, before, after) => {
        expect(new BoundedLabels().bound({ [name]: `${before}${id}${after}` })).toEqual({ [name]: OTHER });
      }),
      { numRuns: 300 },
    );
  });

  test.each(NAMES.filter((name) => 'values' in LABELS[name]))('%s says what is listed, and other', (name) => {
    const { values } = LABELS[name] as { values: readonly string[] };
    const labels = new BoundedLabels();
    for (const value of values) expect(labels.bound({ [name]: value })).toEqual({ [name]: value });
    fc.assert(
      fc.property(fc.string(), (text) => {
        const said = labels.bound({ [name]: text })[name];
        expect([...values, OTHER]).toContain(said);
      }),
    );
  });

  test('names out of the configuration are kept as they are', () => {
    const labels = new BoundedLabels();
    for (const name of ['permit-compliant', 'Gäste (Büro)', 'deny-without-rule', 'hq', 'Floor 3 + 4', 'intune_emea']) {
      expect(labels.bound({ 'nac.rule': name })).toEqual({ 'nac.rule': name });
    }
  });

  test('so many names at most: those that came first go on', () => {
    const labels = new BoundedLabels();
    const said = Array.from({ length: 5_000 }, (_, i) => labels.bound({ 'nac.site': `site-${i}` })['nac.site']);
    expect(new Set(said).size).toBe(MOST_NAMES + 1);
    expect(labels.bound({ 'nac.site': 'site-7' })).toEqual({ 'nac.site': 'site-7' });
    expect(labels.bound({ 'nac.site': 'site-4999' })).toEqual({ 'nac.site': OTHER });
    // Each label has its own.
    expect(labels.bound({ 'nac.rule': 'site-4999' })).toEqual({ 'nac.rule': 'site-4999' });
  });
});
